-- Foreign keys, indexes, summaries and rights, made after the rows because that is quicker.

SET ROLE shop_owner;

ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id);

ALTER TABLE shop.order_items ADD FOREIGN KEY (order_id) REFERENCES shop.orders (id),
    ADD FOREIGN KEY (product_id) REFERENCES shop.products (id);

ALTER TABLE shop.payments ADD FOREIGN KEY (order_id) REFERENCES shop.orders (id);

ALTER TABLE shop.reviews ADD FOREIGN KEY (product_id) REFERENCES shop.products (id),
    ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id);

CREATE INDEX orders_customer ON shop.orders (customer_id);

CREATE INDEX orders_time ON shop.orders (ordered_at);

CREATE INDEX order_items_product ON shop.order_items (product_id);

CREATE INDEX payments_order ON shop.payments (order_id);

CREATE INDEX reviews_product ON shop.reviews (product_id);

CREATE VIEW shop.order_totals AS
SELECT orders.id AS order_id, orders.customer_id, orders.ordered_at, orders.status,
       count(*) AS lines, round(sum(quantity * unit_price * (1 - discount)), 2) AS total
FROM shop.orders JOIN shop.order_items ON order_items.order_id = orders.id
GROUP BY orders.id;

COMMENT ON VIEW shop.order_totals IS 'Each order with its number of lines and its total in euros, whatever its status.';
COMMENT ON COLUMN shop.order_totals.total IS 'Sum of the lines after discount, in euros.';

CREATE VIEW analytics.revenue_by_month AS
SELECT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month,
       count(*) AS orders, sum(total) AS revenue, round(avg(total), 2) AS average_order
FROM shop.order_totals WHERE status IN ('paid', 'shipped', 'delivered')
GROUP BY 1;

COMMENT ON VIEW analytics.revenue_by_month IS 'Orders and revenue per calendar month (UTC), without pending, cancelled and returned orders.';
COMMENT ON COLUMN analytics.revenue_by_month.month IS 'First day of the month.';
COMMENT ON COLUMN analytics.revenue_by_month.orders IS 'Number of orders that count.';
COMMENT ON COLUMN analytics.revenue_by_month.revenue IS 'Their sum in euros.';
COMMENT ON COLUMN analytics.revenue_by_month.average_order IS 'Revenue per order in euros.';

CREATE MATERIALIZED VIEW analytics.customer_value AS
SELECT customers.id AS customer_id, customers.name, customers.country,
       count(orders.order_id) AS orders, coalesce(sum(orders.total), 0) AS revenue,
       min(orders.ordered_at)::date AS first_order, max(orders.ordered_at)::date AS last_order
FROM shop.customers
LEFT JOIN shop.order_totals AS orders
       ON orders.customer_id = customers.id AND orders.status IN ('paid', 'shipped', 'delivered')
GROUP BY customers.id;

COMMENT ON MATERIALIZED VIEW analytics.customer_value IS 'What each customer has brought so far, as of 30 September 2026. One row per customer, also those who never ordered.';
COMMENT ON COLUMN analytics.customer_value.customer_id IS 'The customer in shop.customers.';
COMMENT ON COLUMN analytics.customer_value.name IS 'Full name.';
COMMENT ON COLUMN analytics.customer_value.country IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN analytics.customer_value.orders IS 'Orders that count as revenue.';
COMMENT ON COLUMN analytics.customer_value.revenue IS 'Their sum in euros.';
COMMENT ON COLUMN analytics.customer_value.first_order IS 'Day of the first such order (UTC); null when there is none.';
COMMENT ON COLUMN analytics.customer_value.last_order IS 'Day of the latest such order (UTC); null when there is none.';

CREATE UNIQUE INDEX customer_value_customer ON analytics.customer_value (customer_id);

GRANT USAGE ON SCHEMA shop, analytics TO shop_reader;

GRANT SELECT ON ALL TABLES IN SCHEMA shop, analytics TO shop_reader;

RESET ROLE;

COMMENT ON DATABASE shop IS 'A made-up shop for coffee, tea and things for the home; the sample that comes with Trunkline.';

ANALYZE;
