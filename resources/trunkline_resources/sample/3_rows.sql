-- Some 50,000 rows, the same on every computer: every choice comes from a hash of the row number,
-- because the sequence behind random() may change between versions of PostgreSQL.

SET ROLE shop_owner;

CREATE FUNCTION pg_temp.h(n bigint, topic text, range integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (('x' || substr(md5(n::text || topic), 1, 7))::bit(28)::integer % range);

CREATE FUNCTION pg_temp.pick(n bigint, topic text, VARIADIC words text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN words[1 + pg_temp.h(n, topic, cardinality(words))];

INSERT INTO shop.customers
SELECT n,
       given || ' ' || family,
       translate(lower(given || '.' || family), ' äöüéèëñçåøłáíóšžı''', '-aoueeencaolaioszi') || n || '@example.com',
       place[1], place[2],
       date '2022-01-01' + pg_temp.h(n, 'joined', 1734),
       pg_temp.h(n, 'news', 10) < 4,
       jsonb_build_object(
           'language', CASE place[2] WHEN 'DE' THEN 'de' WHEN 'AT' THEN 'de' WHEN 'FR' THEN 'fr' WHEN 'ES' THEN 'es'
                                     WHEN 'IT' THEN 'it' WHEN 'NL' THEN 'nl' ELSE 'en' END,
           'channel', pg_temp.pick(n, 'channel', 'email', 'email', 'sms', 'none'),
           'interests', CASE pg_temp.h(n, 'interests', 3)
                WHEN 0 THEN '[]'::jsonb
                WHEN 1 THEN jsonb_build_array(pg_temp.pick(n, 'i1', 'Coffee', 'Kitchen', 'Garden', 'Books'))
                ELSE jsonb_build_array(pg_temp.pick(n, 'i1', 'Coffee', 'Kitchen', 'Garden', 'Books'),
                                       pg_temp.pick(n, 'i2', 'Lighting', 'Outdoor', 'Textiles', 'Stationery')) END)
FROM (SELECT n,
        pg_temp.pick(n, 'given', 'Anna', 'Ben', 'Clara', 'David', 'Elena', 'Felix', 'Grace', 'Hugo', 'Inés', 'Jonas',
            'Katarína', 'Liam', 'Maya', 'Noah', 'Olivia', 'Paul', 'Rosa', 'Samuel', 'Tereza', 'Umar', 'Vera', 'William',
            'Yasmin', 'Zoë', 'Amélie', 'Bruno', 'Chloé', 'Diego', 'Emma', 'Finn', 'Giulia', 'Hanna', 'Isaac', 'Julia',
            'Kofi', 'Léa', 'Mateo', 'Nina', 'Oscar', 'Priya') AS given,
        pg_temp.pick(n, 'family', 'Schmidt', 'Müller', 'Rossi', 'García', 'Dubois', 'Jansen', 'Novák', 'Kowalski',
            'Andersson', 'O''Brien', 'Smith', 'Taylor', 'Fischer', 'Bianchi', 'López', 'Moreau', 'de Vries', 'Horák',
            'Nowak', 'Lindström', 'Murphy', 'Brown', 'Wilson', 'Becker', 'Ricci', 'Fernández', 'Laurent', 'Bakker',
            'Svoboda', 'Johansson', 'Kelly', 'Walker', 'Hoffmann', 'Conti', 'Romero', 'Girard', 'Visser', 'Okafor',
            'Patel', 'Nguyen', 'Yılmaz', 'Haddad', 'Keller', 'Weber', 'Marino', 'Ortega', 'Blanc', 'Mulder') AS family,
        string_to_array(pg_temp.pick(n, 'place', 'Berlin|DE', 'Berlin|DE', 'Hamburg|DE', 'München|DE', 'Köln|DE',
            'Wien|AT', 'Graz|AT', 'Paris|FR', 'Lyon|FR', 'Nantes|FR', 'Madrid|ES', 'Valencia|ES', 'Milano|IT',
            'Bologna|IT', 'Amsterdam|NL', 'Utrecht|NL', 'Praha|CZ', 'Kraków|PL', 'Stockholm|SE', 'Dublin|IE',
            'London|GB', 'Leeds|GB', 'Edinburgh|GB'), '|') AS place
      FROM generate_series(1, 2000) AS n) AS people;

INSERT INTO shop.products
SELECT n, upper(left(category, 3)) || '-' || lpad(n::text, 4, '0'),
       adjective || ' ' || thing, category, price,
       round(price * (0.35 + pg_temp.h(n, 'cost', 30) / 100.0), 2),
       CASE WHEN pg_temp.h(n, 'sold out', 12) = 0 THEN 0 ELSE pg_temp.h(n, 'stock', 240) END,
       pg_temp.h(n, 'active', 20) > 0,
       jsonb_build_object('colour', pg_temp.pick(n, 'colour', 'black', 'white', 'forest green', 'navy', 'sand', 'terracotta'),
                          'weight_g', 50 + 10 * pg_temp.h(n, 'weight', 300),
                          'material', pg_temp.pick(n, 'material', 'oak', 'steel', 'linen', 'ceramic', 'glass', 'wool', 'paper'),
                          'origin', pg_temp.pick(n, 'origin', 'DE', 'PT', 'IT', 'SE', 'JP', 'IN'))
FROM (SELECT n, kinds.category,
             kinds.things[1 + (n / 10) % 6] AS thing,
             (ARRAY['Classic', 'Small', 'Large', 'Nordic', 'Everyday', 'Fine', 'Travel', 'Studio', 'Harbour', 'Meadow'])
                 [1 + (n * 7 + n / 60) % 10] AS adjective,
             round(kinds.base * (0.6 + pg_temp.h(n, 'price', 140) / 100.0)) - 0.10 AS price
      FROM generate_series(1, 300) AS n
      JOIN (VALUES
        (0, 'Coffee', 24.0, ARRAY['Espresso Blend', 'Filter Roast', 'Pour-Over Set', 'Hand Grinder', 'Moka Pot', 'Milk Jug']),
        (1, 'Tea', 18.0, ARRAY['Green Tea', 'Earl Grey', 'Teapot', 'Strainer', 'Rooibos', 'Tea Tin']),
        (2, 'Kitchen', 42.0, ARRAY['Chef''s Knife', 'Cutting Board', 'Frying Pan', 'Mixing Bowl', 'Apron', 'Spice Rack']),
        (3, 'Lighting', 79.0, ARRAY['Desk Lamp', 'Floor Lamp', 'Pendant Light', 'Candle Holder', 'Reading Light', 'Lantern']),
        (4, 'Textiles', 48.0, ARRAY['Linen Throw', 'Cushion', 'Bath Towel', 'Table Runner', 'Wool Blanket', 'Curtain']),
        (5, 'Garden', 32.0, ARRAY['Watering Can', 'Plant Pot', 'Pruning Shears', 'Herb Kit', 'Garden Gloves', 'Bird Feeder']),
        (6, 'Outdoor', 88.0, ARRAY['Rucksack', 'Thermos Flask', 'Rain Jacket', 'Camp Stove', 'Hammock', 'Picnic Blanket']),
        (7, 'Stationery', 14.0, ARRAY['Notebook', 'Fountain Pen', 'Desk Planner', 'Letter Paper', 'Pencil Case', 'Ink']),
        (8, 'Books', 26.0, ARRAY['Bread Book', 'Coffee Atlas', 'Herb Almanac', 'Trail Guide', 'Colour Journal', 'Tea Reader']),
        (9, 'Furniture', 240.0, ARRAY['Side Table', 'Stool', 'Bookshelf', 'Coat Rack', 'Writing Desk', 'Bench'])
      ) AS kinds (position, category, base, things) ON kinds.position = n % 10) AS articles;

INSERT INTO shop.orders
SELECT n, customer,
       placed,
       status::shop.order_status,
       CASE WHEN status IN ('shipped', 'delivered', 'returned')
            THEN placed + make_interval(hours => 10 + pg_temp.h(n, 'ship', 60)) END,
       CASE WHEN pg_temp.h(n, 'note?', 25) = 0
            THEN pg_temp.pick(n, 'note', 'Please leave it with the neighbour.', 'It is a present: no invoice in the parcel, please.',
                'Ring twice, the bell is quiet.', 'Deliver after 5 pm.', 'Please pack without plastic.') END
FROM (SELECT n, customer, placed,
             CASE WHEN placed > timestamptz '2026-09-27 00:00+00'
                  THEN pg_temp.pick(n, 'status', 'pending', 'paid', 'paid', 'shipped', 'cancelled')
                  ELSE pg_temp.pick(n, 'status', VARIADIC (array_fill('delivered'::text, ARRAY[22]) || ARRAY['cancelled', 'returned', 'shipped'])) END AS status
      -- OFFSET 0 here and below: each value is worked out once.
      FROM (SELECT n,
                   -- Squared, so that a few customers order often and many order once or twice.
                   1 + (pg_temp.h(n, 'who', 10000)::bigint * pg_temp.h(n, 'who else', 10000) / 50000)::integer AS customer,
                   timestamptz '2024-10-01 00:00+00'
                     + make_interval(days => (729 * power((n - 1) / 12000.0, 0.85))::integer,
                                     mins => 360 + pg_temp.h(n, 'minute', 1020)) AS placed
            FROM generate_series(1, 12000) AS n OFFSET 0) AS times OFFSET 0) AS orders;

-- Nobody orders before they have an account.
UPDATE shop.customers SET joined_on = first_order
FROM (SELECT customer_id, min(ordered_at)::date AS first_order FROM shop.orders GROUP BY 1) AS firsts
WHERE customers.id = customer_id AND first_order < joined_on;

INSERT INTO shop.order_items
SELECT order_id, row_number() OVER (PARTITION BY order_id ORDER BY product.id), product.id, quantity,
       -- A year ago things cost about four per cent less.
       CASE WHEN ordered_at < timestamptz '2025-10-01 00:00+00' THEN round(product.price * 0.96, 2) ELSE product.price END,
       (ARRAY[0, 0, 0, 0, 0, 0, 0.05, 0.10, 0.10, 0.20])[1 + pg_temp.h(order_id, 'discount', 10)]
FROM (SELECT orders.id AS order_id, ordered_at,
             1 + (pg_temp.h(orders.id * 8 + line, 'what', 10000)::bigint * (40 + pg_temp.h(orders.id * 8 + line, 'bias', 60)) / 3334)::integer AS product_id,
             max(CASE WHEN pg_temp.h(orders.id * 8 + line, 'many', 5) = 0 THEN 1 + pg_temp.h(orders.id * 8 + line, 'quantity', 4) ELSE 1 END) AS quantity
      FROM shop.orders, generate_series(1, 1 + pg_temp.h(orders.id, 'lines', 5) / 2 + pg_temp.h(orders.id, 'more', 2)) AS line
      GROUP BY 1, 2, 3) AS lines
JOIN shop.products AS product ON product.id = lines.product_id;

INSERT INTO shop.payments
SELECT row_number() OVER (ORDER BY paid_at, order_id, amount DESC), order_id, method, amount, paid_at
FROM (SELECT orders.id AS order_id,
             pg_temp.pick(orders.id, 'method', 'card', 'card', 'card', 'paypal', 'paypal', 'bank_transfer', 'invoice', 'gift_card')::shop.payment_method AS method,
             CASE turn WHEN 1 THEN total ELSE -total END AS amount,
             CASE turn WHEN 1 THEN ordered_at + make_interval(mins => 1 + pg_temp.h(orders.id, 'paid', 90))
                       ELSE shipped_at + make_interval(days => 6 + pg_temp.h(orders.id, 'refund', 14)) END AS paid_at
      FROM shop.orders
      JOIN (SELECT order_id, round(sum(quantity * unit_price * (1 - discount)), 2) AS total
            FROM shop.order_items GROUP BY order_id) AS totals ON totals.order_id = orders.id
      CROSS JOIN generate_series(1, 2) AS turn
      WHERE status NOT IN ('pending', 'cancelled') AND (turn = 1 OR status = 'returned')) AS money;

INSERT INTO shop.reviews
SELECT row_number() OVER (ORDER BY written_at, order_id, line), product_id, customer_id, rating,
       CASE WHEN rating >= 4 THEN pg_temp.pick(order_id, 'title', 'Exactly right', 'Would buy again', 'Better than expected', 'A lovely present', 'Good quality')
            WHEN rating = 3 THEN pg_temp.pick(order_id, 'title', 'Fine, with a catch', 'As described', 'Neither good nor bad')
            ELSE pg_temp.pick(order_id, 'title', 'Not for me', 'Arrived damaged', 'Disappointed', 'Too expensive for what it is') END,
       pg_temp.pick(order_id, 'opening', 'I have used it every day for two weeks.', 'Bought it for my sister.', 'This is my second one.',
                    'We needed one for the office.', 'Ordered on Monday, here on Wednesday.', 'I was not sure about the colour at first.')
       || ' ' ||
       CASE WHEN rating >= 4 THEN pg_temp.pick(order_id, 'good', 'It feels solid and looks better than in the pictures.', 'The whole family likes it.',
                'Well packed, no plastic, and the quality is excellent.', 'It does what it should and is easy to clean.')
            WHEN rating = 3 THEN pg_temp.pick(order_id, 'fair', 'It works, but it is smaller than I thought.', 'The finish could be better for this price.',
                'Nice, although delivery took longer than promised.')
            ELSE pg_temp.pick(order_id, 'bad', 'The parcel was open and there is a scratch on one side.', 'After three uses it already shows wear.',
                'Customer service answered only after a week.', 'The colour has nothing to do with the photo.') END
       || ' ' ||
       pg_temp.pick(order_id, 'closing', 'Thank you.', 'Recommended to friends already.', 'I will think about it before the next order.',
                    'Please keep this one in the range.', 'A smaller size would be welcome.'),
       written_at
FROM (SELECT orders.id AS order_id, line, product_id, customer_id,
             (ARRAY[5, 5, 5, 5, 4, 4, 4, 3, 2, 1])[1 + pg_temp.h(orders.id, 'stars', 10)]::smallint AS rating,
             shipped_at + make_interval(days => 3 + pg_temp.h(orders.id, 'review', 20)) AS written_at
      FROM shop.orders JOIN shop.order_items ON order_items.order_id = orders.id
      WHERE status IN ('delivered', 'returned') AND pg_temp.h(orders.id * 8 + line, 'review?', 100) < 14) AS bought
WHERE written_at < timestamptz '2026-10-01 00:00+00';
