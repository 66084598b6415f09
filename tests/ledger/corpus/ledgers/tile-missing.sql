-- breaks: tile
PRAGMA application_id = 1146311508; PRAGMA user_version = 1;
CREATE TABLE entry(seq INTEGER PRIMARY KEY, chain BLOB NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE TABLE detail(seq INTEGER PRIMARY KEY REFERENCES entry, seal INTEGER NOT NULL, box BLOB NOT NULL) STRICT;
CREATE TABLE seal(id INTEGER PRIMARY KEY, w TEXT NOT NULL, kid TEXT NOT NULL, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
CREATE TABLE tile(level INTEGER, n INTEGER, hashes BLOB NOT NULL, PRIMARY KEY(level, n)) STRICT;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
CREATE TRIGGER entry_same BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
INSERT INTO entry VALUES(1, X'fdc4c775b822c5f4b604996b5bd0a03f521362fe908397e3026db6a9b27d5353', CAST('{"facts":{"role":"crawl","sealed_to":"nobody","uid":1000},"k":"open","m":1000,"n":1,"p":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","t":1800000000001000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f21"}' AS BLOB));
INSERT INTO entry VALUES(2, X'9b79a1a2f925812b67c828042638194c62f1127037eaaaf74970f25bbb05bff6', CAST('{"facts":{"revision":"abababababababababababababababababababababababababababababababab"},"k":"policy","m":2000,"n":2,"p":"BCjswdhwhYMzNZnCuwuDnQ90ieYfE8hhwWn4mcsquxg=","rev":1,"t":1800000000002000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f21"}' AS BLOB));
INSERT INTO entry VALUES(3, X'be596e2fe383dcb75d8c4a3c554d887d0a7d1571085c1aa6f5c185583404aea8', CAST('{"gate":"wire","k":"permit","m":3000,"n":3,"p":"TuCb+iSBfjkyTqT8RYbwc8qPI/OZOX2ZJ4rb35k1C74=","platforms":{"pictogram":[1,0]},"rev":1,"t":1800000000003000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f21"}' AS BLOB));
INSERT INTO entry VALUES(4, X'c406a53a5712f12ae5eee882b44f5aa4ef87177aba0ddfa97bd4c8fb155c3657', CAST('{"docket":"2026-01-pictogram","k":"refuse","m":4000,"n":4,"p":"XvZDpYb/Liz/4hymoYIW4NMKltpaMnG0G2OCpGfiMpc=","platforms":{"pictogram":[1,1]},"rev":1,"t":1800000000004000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f21"}' AS BLOB));
INSERT INTO entry VALUES(5, X'6b9b47293e1f33eb80b8a1919aac55d3b186bf839dc194f34c637ac63a2b6773', CAST('{"docket":"2026-01-pictogram","k":"refuse","m":5000,"n":5,"p":"CqisAM+b88BC5OWSBguOuWiSwwQ9eAfpjoGqDu2G3eQ=","platforms":{"pictogram":[1,2]},"rev":1,"t":1800000000005000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f21"}' AS BLOB));
INSERT INTO entry VALUES(6, X'83b8d3a5dfd132af8a3f640a7163e487be495e0ce1daf892c27b1f9cfa7e0eb5', CAST('{"facts":{"permitted":1,"refused":2},"k":"close","m":6000,"n":6,"p":"kTqOFzWD8B8RhGRao++3BONfmWuadAncHHqgYiDw/bM=","rev":1,"t":1800000000006000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f21"}' AS BLOB));
INSERT INTO entry VALUES(7, X'7503ffa4f96795e773cd2038c1e85e46ca5f4c0939b79646cedde603005e89f8', CAST('{"facts":{"role":"crawl","sealed_to":"nobody","uid":1000},"k":"open","m":1000,"n":1,"p":"iXz8PhPt1ND16Dp4Ga12dkjnOF3XTSY7G7pBsXAgen4=","t":1800000010001000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f22"}' AS BLOB));
INSERT INTO entry VALUES(8, X'addcf5f412b2b1baa5245ee3e057033841da4c98fe3f133f1469fc6d111bf6b9', CAST('{"facts":{"revision":"abababababababababababababababababababababababababababababababab"},"k":"policy","m":2000,"n":2,"p":"aoqLb7BcQ0p3SaDrFHVwXOmrTmJax2xzlidNkjbpTfs=","rev":1,"t":1800000010002000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f22"}' AS BLOB));
INSERT INTO entry VALUES(9, X'7dfa047f9582fc7eb7b8640b1c4f555140b316df945bcdc1a77f3358ef052555', CAST('{"gate":"wire","k":"permit","m":3000,"n":3,"p":"yqEWXzW5Kt5PKl7QvhMsALBIHwKoe2T92zgP6xOk/J4=","platforms":{"pictogram":[1,0]},"rev":1,"t":1800000010003000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f22"}' AS BLOB));
INSERT INTO entry VALUES(10, X'04fb41b98be617152290d703b0b3150d5ea71dc5494b571cfb71c61731b6d8d7', CAST('{"docket":"2026-01-pictogram","k":"refuse","m":4000,"n":4,"p":"ctItUgHD6Fj59qJJ+zgWlE/53iKUPTf9YwQBD6dPI98=","platforms":{"pictogram":[1,1]},"rev":1,"t":1800000010004000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f22"}' AS BLOB));
INSERT INTO entry VALUES(11, X'559215ffae2d5f98b7a1feddc289ec7e4ab753c43b8ba397024bb15d9714fadd', CAST('{"docket":"2026-01-pictogram","k":"refuse","m":5000,"n":5,"p":"EsmPRJZDLjCwS4icvL/G/IwHMNdZ6zyPNpSQb2AJf1M=","platforms":{"pictogram":[1,2]},"rev":1,"t":1800000010005000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f22"}' AS BLOB));
INSERT INTO entry VALUES(12, X'12f1494210583686fbd537d0a21fb90d06940cc308b8afffddbf9c6e897e4b4e', CAST('{"facts":{"permitted":1,"refused":2},"k":"close","m":6000,"n":6,"p":"N4cTVNxKR9FFtSPUEM8C6SGi0+zV0cLvVjsV5QjlwaE=","rev":1,"t":1800000010006000,"v":1,"w":"01a2052a-12d2-7620-9224-8747f5006f22"}' AS BLOB));
INSERT INTO checkpoint VALUES(12, 'desist-ledger/01a2052a-12d2-7620-9224-8747f5006f21
12
KXKll+xU4QH3hX8kRCLS+wkqWPaJtr++SkQX4U3nvUs=

— desist-ledger K+Se7PXnj/mRVMiIfPw78JVXtAacIuuUaG0jd4qCswhfB9YFpXY2JdVnVnELyQEjjJtn0QKC/5X2VvXyCmKmASTJUQU=
');
