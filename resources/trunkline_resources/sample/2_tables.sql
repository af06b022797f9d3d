-- The tables of the sample shop, with what each of them means.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

SET ROLE shop_owner;

CREATE SCHEMA shop;

CREATE SCHEMA analytics;

COMMENT ON SCHEMA shop IS 'What the shop records as it happens: customers, products, orders, payments, reviews.';

COMMENT ON SCHEMA analytics IS 'Ready-made summaries of the shop schema for reports.';

CREATE TYPE shop.order_status AS ENUM ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'returned');

CREATE TYPE shop.payment_method AS ENUM ('card', 'bank_transfer', 'paypal', 'invoice', 'gift_card');

COMMENT ON TYPE shop.order_status IS 'Where an order stands. Cancelled and returned orders bring no revenue.';

COMMENT ON TYPE shop.payment_method IS 'How a customer paid.';

CREATE TABLE shop.customers (
    id          integer PRIMARY KEY,
    name        text NOT NULL,
    email       text NOT NULL UNIQUE,
    city        text NOT NULL,
    country     char(2) NOT NULL,
    joined_on   date NOT NULL,
    newsletter  boolean NOT NULL DEFAULT false,
    preferences jsonb NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE shop.customers IS 'People and companies that have an account in the shop. One row per account.';
COMMENT ON COLUMN shop.customers.id IS 'Customer number, as printed on invoices.';
COMMENT ON COLUMN shop.customers.name IS 'Full name, given name first.';
COMMENT ON COLUMN shop.customers.email IS 'Login and address for order mails; unique.';
COMMENT ON COLUMN shop.customers.city IS 'City of the delivery address.';
COMMENT ON COLUMN shop.customers.country IS 'Country of the delivery address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN shop.customers.joined_on IS 'Day the account was made.';
COMMENT ON COLUMN shop.customers.newsletter IS 'Whether they agreed to get the newsletter.';
COMMENT ON COLUMN shop.customers.preferences IS 'Chosen settings: "language", "channel" (email, sms, none) and a list of "interests" (product categories).';

CREATE TABLE shop.products (
    id         integer PRIMARY KEY,
    sku        text NOT NULL UNIQUE,
    name       text NOT NULL,
    category   text NOT NULL,
    price      numeric(10,2) NOT NULL CHECK (price > 0),
    cost       numeric(10,2) NOT NULL CHECK (cost > 0),
    stock      integer NOT NULL CHECK (stock >= 0),
    is_active  boolean NOT NULL DEFAULT true,
    attributes jsonb NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE shop.products IS 'What the shop sells or used to sell. One row per article.';
COMMENT ON COLUMN shop.products.id IS 'Article number.';
COMMENT ON COLUMN shop.products.sku IS 'Stock-keeping unit: three letters of the category and a number.';
COMMENT ON COLUMN shop.products.name IS 'Name shown in the shop.';
COMMENT ON COLUMN shop.products.category IS 'One of ten categories, such as Coffee or Lighting.';
COMMENT ON COLUMN shop.products.price IS 'Today''s price in euros, tax included. Past prices are in order_items.unit_price.';
COMMENT ON COLUMN shop.products.cost IS 'What the shop pays for one piece, in euros.';
COMMENT ON COLUMN shop.products.stock IS 'Pieces in the warehouse now.';
COMMENT ON COLUMN shop.products.is_active IS 'False when the article is no longer sold.';
COMMENT ON COLUMN shop.products.attributes IS 'Details: "colour", "weight_g", "material", "origin" (ISO country).';

CREATE TABLE shop.orders (
    id          integer PRIMARY KEY,
    customer_id integer NOT NULL,
    ordered_at  timestamptz NOT NULL,
    status      shop.order_status NOT NULL,
    shipped_at  timestamptz,
    note        text
);

COMMENT ON TABLE shop.orders IS 'Orders from 1 October 2024 to 30 September 2026. One row per order; what was bought is in order_items.';
COMMENT ON COLUMN shop.orders.id IS 'Order number.';
COMMENT ON COLUMN shop.orders.customer_id IS 'Who ordered.';
COMMENT ON COLUMN shop.orders.ordered_at IS 'When the order was placed.';
COMMENT ON COLUMN shop.orders.status IS 'Where the order stands. Revenue counts paid, shipped and delivered orders.';
COMMENT ON COLUMN shop.orders.shipped_at IS 'When the parcel left; null when it has not.';
COMMENT ON COLUMN shop.orders.note IS 'What the customer wrote into the comment box; usually null.';

CREATE TABLE shop.order_items (
    order_id   integer NOT NULL,
    line       smallint NOT NULL,
    product_id integer NOT NULL,
    quantity   integer NOT NULL CHECK (quantity > 0),
    unit_price numeric(10,2) NOT NULL,
    discount   numeric(4,2) NOT NULL DEFAULT 0 CHECK (discount BETWEEN 0 AND 1),
    PRIMARY KEY (order_id, line)
);

COMMENT ON TABLE shop.order_items IS 'The lines of each order. The amount of a line is quantity * unit_price * (1 - discount).';
COMMENT ON COLUMN shop.order_items.order_id IS 'The order this line belongs to.';
COMMENT ON COLUMN shop.order_items.line IS 'Line number within the order, from 1.';
COMMENT ON COLUMN shop.order_items.product_id IS 'What was bought.';
COMMENT ON COLUMN shop.order_items.quantity IS 'Number of pieces.';
COMMENT ON COLUMN shop.order_items.unit_price IS 'Price of one piece on the day of the order, in euros.';
COMMENT ON COLUMN shop.order_items.discount IS 'Share taken off this line: 0.10 means ten per cent.';

CREATE TABLE shop.payments (
    id       integer PRIMARY KEY,
    order_id integer NOT NULL,
    method   shop.payment_method NOT NULL,
    amount   numeric(10,2) NOT NULL,
    paid_at  timestamptz NOT NULL
);

COMMENT ON TABLE shop.payments IS 'Money received, and refunds of returned orders as negative amounts.';
COMMENT ON COLUMN shop.payments.id IS 'Payment number.';
COMMENT ON COLUMN shop.payments.order_id IS 'The order that was paid.';
COMMENT ON COLUMN shop.payments.method IS 'How it was paid.';
COMMENT ON COLUMN shop.payments.amount IS 'Euros; negative for a refund.';
COMMENT ON COLUMN shop.payments.paid_at IS 'When the money arrived or left.';

CREATE TABLE shop.reviews (
    id          integer PRIMARY KEY,
    product_id  integer NOT NULL,
    customer_id integer NOT NULL,
    rating      smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    title       text NOT NULL,
    body        text NOT NULL,
    written_at  timestamptz NOT NULL
);

COMMENT ON TABLE shop.reviews IS 'What customers wrote about products they bought.';
COMMENT ON COLUMN shop.reviews.id IS 'Review number.';
COMMENT ON COLUMN shop.reviews.product_id IS 'The product reviewed.';
COMMENT ON COLUMN shop.reviews.customer_id IS 'Who wrote it.';
COMMENT ON COLUMN shop.reviews.rating IS 'Stars from 1 (bad) to 5 (very good).';
COMMENT ON COLUMN shop.reviews.title IS 'Headline.';
COMMENT ON COLUMN shop.reviews.body IS 'The review itself, free text.';
COMMENT ON COLUMN shop.reviews.written_at IS 'When it was published.';
