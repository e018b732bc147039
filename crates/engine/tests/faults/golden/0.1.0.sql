SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA segue;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.counter (
    n integer
);
CREATE TABLE public.orders (
    id bigint NOT NULL,
    shop_id bigint,
    total integer
);
CREATE TABLE public.shops (
    id bigint NOT NULL,
    name text
);
CREATE TABLE segue.event (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    what text NOT NULL,
    migration text
);
CREATE TABLE segue.lease (
    epoch bigint NOT NULL,
    holder text,
    beat timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    format integer DEFAULT 1 NOT NULL,
    settled bigint DEFAULT 0 NOT NULL
);
CREATE TABLE segue.migration (
    "position" bigint NOT NULL,
    id text NOT NULL,
    path text NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    raw_checksum text NOT NULL,
    checksum text NOT NULL,
    plan_hash text NOT NULL,
    took_ms bigint NOT NULL,
    segue_version text NOT NULL,
    normalized text NOT NULL,
    plan text,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE segue.migration ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME segue.migration_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE segue.step (
    migration text NOT NULL,
    step text NOT NULL,
    state text NOT NULL,
    purpose text NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
INSERT INTO public.counter VALUES (1);
INSERT INTO public.orders VALUES (1, 2, 1);
INSERT INTO public.orders VALUES (2, 3, 2);
INSERT INTO public.orders VALUES (3, 4, 3);
INSERT INTO public.orders VALUES (4, 5, 4);
INSERT INTO public.orders VALUES (5, 6, 5);
INSERT INTO public.orders VALUES (6, 7, 6);
INSERT INTO public.orders VALUES (7, 8, 7);
INSERT INTO public.orders VALUES (8, 9, 8);
INSERT INTO public.orders VALUES (9, 10, 9);
INSERT INTO public.orders VALUES (10, 11, 10);
INSERT INTO public.orders VALUES (11, 12, 11);
INSERT INTO public.orders VALUES (12, 13, 12);
INSERT INTO public.orders VALUES (13, 14, 13);
INSERT INTO public.orders VALUES (14, 15, 14);
INSERT INTO public.orders VALUES (15, 16, 15);
INSERT INTO public.orders VALUES (16, 17, 16);
INSERT INTO public.orders VALUES (17, 18, 17);
INSERT INTO public.orders VALUES (18, 19, 18);
INSERT INTO public.orders VALUES (19, 20, 19);
INSERT INTO public.orders VALUES (20, 1, 20);
INSERT INTO public.orders VALUES (21, 2, 21);
INSERT INTO public.orders VALUES (22, 3, 22);
INSERT INTO public.orders VALUES (23, 4, 23);
INSERT INTO public.orders VALUES (24, 5, 24);
INSERT INTO public.orders VALUES (25, 6, 25);
INSERT INTO public.orders VALUES (26, 7, 26);
INSERT INTO public.orders VALUES (27, 8, 27);
INSERT INTO public.orders VALUES (28, 9, 28);
INSERT INTO public.orders VALUES (29, 10, 29);
INSERT INTO public.orders VALUES (30, 11, 30);
INSERT INTO public.orders VALUES (31, 12, 31);
INSERT INTO public.orders VALUES (32, 13, 32);
INSERT INTO public.orders VALUES (33, 14, 33);
INSERT INTO public.orders VALUES (34, 15, 34);
INSERT INTO public.orders VALUES (35, 16, 35);
INSERT INTO public.orders VALUES (36, 17, 36);
INSERT INTO public.orders VALUES (37, 18, 37);
INSERT INTO public.orders VALUES (38, 19, 38);
INSERT INTO public.orders VALUES (39, 20, 39);
INSERT INTO public.orders VALUES (40, 1, 40);
INSERT INTO public.orders VALUES (41, 2, 41);
INSERT INTO public.orders VALUES (42, 3, 42);
INSERT INTO public.orders VALUES (43, 4, 43);
INSERT INTO public.orders VALUES (44, 5, 44);
INSERT INTO public.orders VALUES (45, 6, 45);
INSERT INTO public.orders VALUES (46, 7, 46);
INSERT INTO public.orders VALUES (47, 8, 47);
INSERT INTO public.orders VALUES (48, 9, 48);
INSERT INTO public.orders VALUES (49, 10, 49);
INSERT INTO public.orders VALUES (50, 11, 50);
INSERT INTO public.orders VALUES (51, 12, 51);
INSERT INTO public.orders VALUES (52, 13, 52);
INSERT INTO public.orders VALUES (53, 14, 53);
INSERT INTO public.orders VALUES (54, 15, 54);
INSERT INTO public.orders VALUES (55, 16, 55);
INSERT INTO public.orders VALUES (56, 17, 56);
INSERT INTO public.orders VALUES (57, 18, 57);
INSERT INTO public.orders VALUES (58, 19, 58);
INSERT INTO public.orders VALUES (59, 20, 59);
INSERT INTO public.orders VALUES (60, 1, 60);
INSERT INTO public.orders VALUES (61, 2, 61);
INSERT INTO public.orders VALUES (62, 3, 62);
INSERT INTO public.orders VALUES (63, 4, 63);
INSERT INTO public.orders VALUES (64, 5, 64);
INSERT INTO public.orders VALUES (65, 6, 65);
INSERT INTO public.orders VALUES (66, 7, 66);
INSERT INTO public.orders VALUES (67, 8, 67);
INSERT INTO public.orders VALUES (68, 9, 68);
INSERT INTO public.orders VALUES (69, 10, 69);
INSERT INTO public.orders VALUES (70, 11, 70);
INSERT INTO public.orders VALUES (71, 12, 71);
INSERT INTO public.orders VALUES (72, 13, 72);
INSERT INTO public.orders VALUES (73, 14, 73);
INSERT INTO public.orders VALUES (74, 15, 74);
INSERT INTO public.orders VALUES (75, 16, 75);
INSERT INTO public.orders VALUES (76, 17, 76);
INSERT INTO public.orders VALUES (77, 18, 77);
INSERT INTO public.orders VALUES (78, 19, 78);
INSERT INTO public.orders VALUES (79, 20, 79);
INSERT INTO public.orders VALUES (80, 1, 80);
INSERT INTO public.orders VALUES (81, 2, 81);
INSERT INTO public.orders VALUES (82, 3, 82);
INSERT INTO public.orders VALUES (83, 4, 83);
INSERT INTO public.orders VALUES (84, 5, 84);
INSERT INTO public.orders VALUES (85, 6, 85);
INSERT INTO public.orders VALUES (86, 7, 86);
INSERT INTO public.orders VALUES (87, 8, 87);
INSERT INTO public.orders VALUES (88, 9, 88);
INSERT INTO public.orders VALUES (89, 10, 89);
INSERT INTO public.orders VALUES (90, 11, 90);
INSERT INTO public.orders VALUES (91, 12, 91);
INSERT INTO public.orders VALUES (92, 13, 92);
INSERT INTO public.orders VALUES (93, 14, 93);
INSERT INTO public.orders VALUES (94, 15, 94);
INSERT INTO public.orders VALUES (95, 16, 95);
INSERT INTO public.orders VALUES (96, 17, 96);
INSERT INTO public.orders VALUES (97, 18, 97);
INSERT INTO public.orders VALUES (98, 19, 98);
INSERT INTO public.orders VALUES (99, 20, 99);
INSERT INTO public.orders VALUES (100, 1, 100);
INSERT INTO public.orders VALUES (101, 2, 101);
INSERT INTO public.orders VALUES (102, 3, 102);
INSERT INTO public.orders VALUES (103, 4, 103);
INSERT INTO public.orders VALUES (104, 5, 104);
INSERT INTO public.orders VALUES (105, 6, 105);
INSERT INTO public.orders VALUES (106, 7, 106);
INSERT INTO public.orders VALUES (107, 8, 107);
INSERT INTO public.orders VALUES (108, 9, 108);
INSERT INTO public.orders VALUES (109, 10, 109);
INSERT INTO public.orders VALUES (110, 11, 110);
INSERT INTO public.orders VALUES (111, 12, 111);
INSERT INTO public.orders VALUES (112, 13, 112);
INSERT INTO public.orders VALUES (113, 14, 113);
INSERT INTO public.orders VALUES (114, 15, 114);
INSERT INTO public.orders VALUES (115, 16, 115);
INSERT INTO public.orders VALUES (116, 17, 116);
INSERT INTO public.orders VALUES (117, 18, 117);
INSERT INTO public.orders VALUES (118, 19, 118);
INSERT INTO public.orders VALUES (119, 20, 119);
INSERT INTO public.orders VALUES (120, 1, 120);
INSERT INTO public.orders VALUES (121, 2, 121);
INSERT INTO public.orders VALUES (122, 3, 122);
INSERT INTO public.orders VALUES (123, 4, 123);
INSERT INTO public.orders VALUES (124, 5, 124);
INSERT INTO public.orders VALUES (125, 6, 125);
INSERT INTO public.orders VALUES (126, 7, 126);
INSERT INTO public.orders VALUES (127, 8, 127);
INSERT INTO public.orders VALUES (128, 9, 128);
INSERT INTO public.orders VALUES (129, 10, 129);
INSERT INTO public.orders VALUES (130, 11, 130);
INSERT INTO public.orders VALUES (131, 12, 131);
INSERT INTO public.orders VALUES (132, 13, 132);
INSERT INTO public.orders VALUES (133, 14, 133);
INSERT INTO public.orders VALUES (134, 15, 134);
INSERT INTO public.orders VALUES (135, 16, 135);
INSERT INTO public.orders VALUES (136, 17, 136);
INSERT INTO public.orders VALUES (137, 18, 137);
INSERT INTO public.orders VALUES (138, 19, 138);
INSERT INTO public.orders VALUES (139, 20, 139);
INSERT INTO public.orders VALUES (140, 1, 140);
INSERT INTO public.orders VALUES (141, 2, 141);
INSERT INTO public.orders VALUES (142, 3, 142);
INSERT INTO public.orders VALUES (143, 4, 143);
INSERT INTO public.orders VALUES (144, 5, 144);
INSERT INTO public.orders VALUES (145, 6, 145);
INSERT INTO public.orders VALUES (146, 7, 146);
INSERT INTO public.orders VALUES (147, 8, 147);
INSERT INTO public.orders VALUES (148, 9, 148);
INSERT INTO public.orders VALUES (149, 10, 149);
INSERT INTO public.orders VALUES (150, 11, 150);
INSERT INTO public.orders VALUES (151, 12, 151);
INSERT INTO public.orders VALUES (152, 13, 152);
INSERT INTO public.orders VALUES (153, 14, 153);
INSERT INTO public.orders VALUES (154, 15, 154);
INSERT INTO public.orders VALUES (155, 16, 155);
INSERT INTO public.orders VALUES (156, 17, 156);
INSERT INTO public.orders VALUES (157, 18, 157);
INSERT INTO public.orders VALUES (158, 19, 158);
INSERT INTO public.orders VALUES (159, 20, 159);
INSERT INTO public.orders VALUES (160, 1, 160);
INSERT INTO public.orders VALUES (161, 2, 161);
INSERT INTO public.orders VALUES (162, 3, 162);
INSERT INTO public.orders VALUES (163, 4, 163);
INSERT INTO public.orders VALUES (164, 5, 164);
INSERT INTO public.orders VALUES (165, 6, 165);
INSERT INTO public.orders VALUES (166, 7, 166);
INSERT INTO public.orders VALUES (167, 8, 167);
INSERT INTO public.orders VALUES (168, 9, 168);
INSERT INTO public.orders VALUES (169, 10, 169);
INSERT INTO public.orders VALUES (170, 11, 170);
INSERT INTO public.orders VALUES (171, 12, 171);
INSERT INTO public.orders VALUES (172, 13, 172);
INSERT INTO public.orders VALUES (173, 14, 173);
INSERT INTO public.orders VALUES (174, 15, 174);
INSERT INTO public.orders VALUES (175, 16, 175);
INSERT INTO public.orders VALUES (176, 17, 176);
INSERT INTO public.orders VALUES (177, 18, 177);
INSERT INTO public.orders VALUES (178, 19, 178);
INSERT INTO public.orders VALUES (179, 20, 179);
INSERT INTO public.orders VALUES (180, 1, 180);
INSERT INTO public.orders VALUES (181, 2, 181);
INSERT INTO public.orders VALUES (182, 3, 182);
INSERT INTO public.orders VALUES (183, 4, 183);
INSERT INTO public.orders VALUES (184, 5, 184);
INSERT INTO public.orders VALUES (185, 6, 185);
INSERT INTO public.orders VALUES (186, 7, 186);
INSERT INTO public.orders VALUES (187, 8, 187);
INSERT INTO public.orders VALUES (188, 9, 188);
INSERT INTO public.orders VALUES (189, 10, 189);
INSERT INTO public.orders VALUES (190, 11, 190);
INSERT INTO public.orders VALUES (191, 12, 191);
INSERT INTO public.orders VALUES (192, 13, 192);
INSERT INTO public.orders VALUES (193, 14, 193);
INSERT INTO public.orders VALUES (194, 15, 194);
INSERT INTO public.orders VALUES (195, 16, 195);
INSERT INTO public.orders VALUES (196, 17, 196);
INSERT INTO public.orders VALUES (197, 18, 197);
INSERT INTO public.orders VALUES (198, 19, 198);
INSERT INTO public.orders VALUES (199, 20, 199);
INSERT INTO public.orders VALUES (200, 1, 200);
INSERT INTO public.shops VALUES (1, 'shop 1');
INSERT INTO public.shops VALUES (2, 'shop 2');
INSERT INTO public.shops VALUES (3, 'shop 3');
INSERT INTO public.shops VALUES (4, 'shop 4');
INSERT INTO public.shops VALUES (5, 'shop 5');
INSERT INTO public.shops VALUES (6, 'shop 6');
INSERT INTO public.shops VALUES (7, 'shop 7');
INSERT INTO public.shops VALUES (8, 'shop 8');
INSERT INTO public.shops VALUES (9, 'shop 9');
INSERT INTO public.shops VALUES (10, 'shop 10');
INSERT INTO public.shops VALUES (11, 'shop 11');
INSERT INTO public.shops VALUES (12, 'shop 12');
INSERT INTO public.shops VALUES (13, 'shop 13');
INSERT INTO public.shops VALUES (14, 'shop 14');
INSERT INTO public.shops VALUES (15, 'shop 15');
INSERT INTO public.shops VALUES (16, 'shop 16');
INSERT INTO public.shops VALUES (17, 'shop 17');
INSERT INTO public.shops VALUES (18, 'shop 18');
INSERT INTO public.shops VALUES (19, 'shop 19');
INSERT INTO public.shops VALUES (20, 'shop 20');
INSERT INTO segue.event VALUES ('2026-11-25 10:02:37.501548+00', 'segue', 'completed: 20260101000000', NULL);
INSERT INTO segue.lease VALUES (2, 'segue', '2026-11-25 10:02:37.507434+00', 1, 1);
INSERT INTO segue.migration OVERRIDING SYSTEM VALUE VALUES (1, '20260101000000', '20260101000000_start.sql', '', 'applied', '8d024b85e9e5485e2df4c20f2416327312ec92bf2f9c7477c0f0018fad1baf3f', 'ab3a89548cd59f9c13cf071ff621eae9ec4883447588b9828258d1bbe331b1c6', '5231da86042d761c7ea2ba6d961d0a96a934f717c0a20c59e13cd383ef4b0912', 0, '0.1.0', 'CREATE TABLE shops (id bigint PRIMARY KEY, name text); CREATE TABLE orders (id bigint PRIMARY KEY, shop_id bigint, total int); CREATE TABLE counter (n int); INSERT INTO counter VALUES (0); INSERT INTO shops SELECT i, ''shop '' || i FROM generate_series(1, 20) i; INSERT INTO orders SELECT i, 1 + i % 20, i FROM generate_series(1, 200) i;', NULL, '2026-11-25 10:02:37.500396+00');
INSERT INTO segue.migration OVERRIDING SYSTEM VALUE VALUES (2, '20260102000000', '20260102000000_steps.sql', '', 'partial', '990ef2202da1deac2f4d720eabf3c4dfc634b960f09948da8ec243354dbabc4f', 'b92f58a35b54cd1cb2187a7d4b66395744b84d5805971ebb52a5a0cced171bfa', '549e4b43d3759aaa80612045540580a59fd48f00026f735cdd4643a43073cf5d', 0, '0.1.0', 'UPDATE counter SET n = n + 1; CREATE INDEX orders_total ON orders (total); UPDATE counter SET n = n + 10; ALTER TABLE orders ADD CONSTRAINT orders_shop FOREIGN KEY (shop_id) REFERENCES shops (id); ALTER TABLE orders ALTER COLUMN shop_id SET NOT NULL; UPDATE counter SET n = n + 100;', '[{"id":"1","purpose":"as written","text":{"users":"UPDATE counter SET n = n + 1"},"changes":[{"data":{"update":{"table":{"namespace":"public","name":"counter"},"assignments":[{"column":"n","value":{"text":"n + 1","columns":["n"],"functions":[],"shape":"other","logic":"unknown"}}],"reach":"all","filter":null,"reads":[]}}}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"counter"}},"mode":"row_exclusive","when":"whole","role":"target"}],"work":[{"on":{"namespace":"public","name":"counter"},"kind":"scan","cause":"query"}],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",14],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"2.1","purpose":"Build index \"orders_total\" on \"public\".\"orders\" while reads and writes go on.","text":{"authored":"CREATE INDEX CONCURRENTLY \"orders_total\" ON \"public\".\"orders\" (\"total\")"},"changes":[{"index":{"create":{"index":{"name":{"given":"orders_total"},"table":{"namespace":"public","name":"orders"},"scope":"with_descendants","method":"btree","keys":[{"part":{"column":"total"},"collation":null,"operator_class":null,"direction":"ascending","nulls":"default"}],"include":[],"uniqueness":"not_unique","predicate":null,"parameters":[],"tablespace":null},"build":"concurrently","presence":"required"}}}],"transaction":"outside","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"share_update_exclusive","when":"whole","role":"target"}],"work":[{"on":{"namespace":"public","name":"orders"},"kind":"scan","cause":"index"},{"on":{"namespace":"public","name":"orders"},"kind":{"build_index":"orders_total"},"cause":"index"}],"waits":["writers","old_snapshots"],"refusals":[{"reason":"inside_transaction","message":"CREATE INDEX CONCURRENTLY cannot run inside a transaction block"}],"transaction":"must_be_outside","certainty":"known"},"file":["20260102000000_steps.sql",44],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"3","purpose":"as written","text":{"users":"UPDATE counter SET n = n + 10"},"changes":[{"data":{"update":{"table":{"namespace":"public","name":"counter"},"assignments":[{"column":"n","value":{"text":"n + 10","columns":["n"],"functions":[],"shape":"other","logic":"unknown"}}],"reach":"all","filter":null,"reads":[]}}}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"counter"}},"mode":"row_exclusive","when":"whole","role":"target"}],"work":[{"on":{"namespace":"public","name":"counter"},"kind":"scan","cause":"query"}],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",89],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"4.1","purpose":"Add \"orders_shop\" to \"public\".\"orders\" for new rows: no row is read.","text":{"authored":"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_shop\" FOREIGN KEY (\"shop_id\") REFERENCES \"public\".\"shops\" (\"id\") NOT VALID"},"changes":[{"constraint":[{"name":{"namespace":"public","name":"orders"},"presence":"required","scope":"with_descendants"},{"add":{"name":{"given":"orders_shop"},"kind":{"foreign_key":{"columns":["shop_id"],"references":{"namespace":"public","name":"shops"},"referenced_columns":["id"],"on_delete":"no_action","on_update":"no_action"}},"validity":"not_valid","enforcement":"enforced","deferral":"not_deferrable"}}]}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"share_row_exclusive","when":"whole","role":"target"},{"on":{"relation":{"namespace":"public","name":"shops"}},"mode":"share_row_exclusive","when":"whole","role":"foreign_key_partner"}],"work":[],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",120],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"4.2","purpose":"Check the rows of \"public\".\"orders\" against \"orders_shop\" while reads and writes go on.","text":{"authored":"ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT \"orders_shop\""},"changes":[{"constraint":[{"name":{"namespace":"public","name":"orders"},"presence":"required","scope":"with_descendants"},{"validate":"orders_shop"}]}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"share_update_exclusive","when":"whole","role":"target"},{"on":{"relation":{"namespace":"public","name":"shops"}},"mode":"row_share","when":"whole","role":"foreign_key_partner"}],"work":[{"on":{"namespace":"public","name":"orders"},"kind":"scan","cause":"foreign_key"},{"on":{"namespace":"public","name":"shops"},"kind":"scan","cause":"foreign_key"}],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",120],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"5.1","purpose":"Add \"orders_shop_id_not_null_proof\" to \"public\".\"orders\" for new rows: no row is read.","text":{"authored":"ALTER TABLE \"public\".\"orders\" ADD CONSTRAINT \"orders_shop_id_not_null_proof\" CHECK (\"shop_id\" IS NOT NULL) NOT VALID"},"changes":[{"constraint":[{"name":{"namespace":"public","name":"orders"},"presence":"required","scope":"with_descendants"},{"add":{"name":{"given":"orders_shop_id_not_null_proof"},"kind":{"check":{"text":"\"shop_id\" IS NOT NULL","columns":["shop_id"],"functions":[],"shape":"other","logic":{"not_null":"shop_id"}}},"validity":"not_valid","enforcement":"enforced","deferral":"not_deferrable"}}]}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"access_exclusive","when":"whole","role":"target"}],"work":[],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",211],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"5.2","purpose":"Check the rows of \"public\".\"orders\" against \"orders_shop_id_not_null_proof\" while reads and writes go on.","text":{"authored":"ALTER TABLE \"public\".\"orders\" VALIDATE CONSTRAINT \"orders_shop_id_not_null_proof\""},"changes":[{"constraint":[{"name":{"namespace":"public","name":"orders"},"presence":"required","scope":"with_descendants"},{"validate":"orders_shop_id_not_null_proof"}]}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"share_update_exclusive","when":"whole","role":"target"}],"work":[{"on":{"namespace":"public","name":"orders"},"kind":"scan","cause":"check"}],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",211],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"5.3","purpose":"Set \"shop_id\" of \"public\".\"orders\" to NOT NULL: \"orders_shop_id_not_null_proof\" proves it, no row is read.","text":{"authored":"ALTER TABLE \"public\".\"orders\" ALTER COLUMN \"shop_id\" SET NOT NULL"},"changes":[{"column":[{"name":{"namespace":"public","name":"orders"},"presence":"required","scope":"with_descendants"},{"set_not_null":"shop_id"}]}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"access_exclusive","when":"whole","role":"target"}],"work":[],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",211],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"5.4","purpose":"Drop \"orders_shop_id_not_null_proof\": it has served its purpose.","text":{"authored":"ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT \"orders_shop_id_not_null_proof\""},"changes":[{"constraint":[{"name":{"namespace":"public","name":"orders"},"presence":"required","scope":"with_descendants"},{"drop":{"name":"orders_shop_id_not_null_proof","presence":"required","reaction":"restrict"}}]}],"transaction":"with_previous","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"orders"}},"mode":"access_exclusive","when":"whole","role":"target"}],"work":[],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",211],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false},{"id":"6","purpose":"as written","text":{"users":"UPDATE counter SET n = n + 100"},"changes":[{"data":{"update":{"table":{"namespace":"public","name":"counter"},"assignments":[{"column":"n","value":{"text":"n + 100","columns":["n"],"functions":[],"shape":"other","logic":"unknown"}}],"reach":"all","filter":null,"reads":[]}}}],"transaction":"own","impact":{"claims":[{"on":{"relation":{"namespace":"public","name":"counter"}},"mode":"row_exclusive","when":"whole","role":"target"}],"work":[{"on":{"namespace":"public","name":"counter"},"kind":"scan","cause":"query"}],"waits":[],"refusals":[],"transaction":"either","certainty":"known"},"file":["20260102000000_steps.sql",265],"phase":"expand","gate":null,"back":null,"restore":null,"is_contradicted":false}]', '2026-11-25 10:02:37.57582+00');
INSERT INTO segue.step VALUES ('20260102000000', '1', 'done', 'as written', '2026-11-25 10:02:37.573955+00');
INSERT INTO segue.step VALUES ('20260102000000', '2.1', 'intended', 'Build index "orders_total" on "public"."orders" while reads and writes go on.', '2026-11-25 10:02:37.578236+00');
SELECT pg_catalog.setval('segue.migration_position_seq', 2, true);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.shops
    ADD CONSTRAINT shops_pkey PRIMARY KEY (id);
ALTER TABLE ONLY segue.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (epoch);
ALTER TABLE ONLY segue.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY segue.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (migration, step);
