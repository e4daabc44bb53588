-- A file of version 2, dumped as it was left by two real runs of the gate: the migration is tested with it.
pragma user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE files (
        run_id text not null references runs on delete cascade,
        route text not null, name text not null, kind text not null, wire integer not null, requests integer not null,
        primary key (run_id, route, kind, name)
    ) strict, without rowid;
INSERT INTO "files" VALUES('20261121T111012-db5261','landing','/','document',1488,1);
INSERT INTO "files" VALUES('20261121T111012-db5261','landing','/static/hero.svg','image',858,1);
INSERT INTO "files" VALUES('20261121T111012-db5261','landing','/static/site.js','script',421,1);
INSERT INTO "files" VALUES('20261121T111012-db5261','landing','/static/site.css','style',2005,1);
INSERT INTO "files" VALUES('20261121T111028-8dc50e','landing','/','document',1485,1);
INSERT INTO "files" VALUES('20261121T111028-8dc50e','landing','/static/hero.svg','image',858,1);
INSERT INTO "files" VALUES('20261121T111028-8dc50e','landing','/static/site.js','script',421,1);
INSERT INTO "files" VALUES('20261121T111028-8dc50e','landing','/static/site.css','style',2005,1);
CREATE TABLE measurements (
        run_id text not null references runs on delete cascade,
        metric text not null, unit text not null, samples integer not null,
        least real not null, median real not null, worst real not null, "limit" text not null, met integer,
        primary key (run_id, metric, unit)
    ) strict, without rowid;
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.document','B',1,1488.0,1488.0,1488.0,'at most 30 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.fetch','B',1,0.0,0.0,0.0,'at most 50 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.font','B',1,0.0,0.0,0.0,'at most 60 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.image','B',1,858.0,858.0,858.0,'at most 150 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.script','B',1,421.0,421.0,421.0,'at most 170 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.style','B',1,2005.0,2005.0,2005.0,'at most 30 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.bytes.total','B',1,4772.0,4772.0,4772.0,'at most 300 KB',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.mobile.fcp','s',3,0.376,0.384,0.416,'at most 1.8 s',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.mobile.lcp','s',3,0.392,0.4,0.416,'at most 2.5 s',1);
INSERT INTO "measurements" VALUES('20261121T111012-db5261','landing.mobile.ttfb','s',3,3.20000000298023209999e-03,5.89999999850988367244e-03,6.60000000149011615407e-03,'at most 800 ms',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.document','B',1,1485.0,1485.0,1485.0,'at most 30 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.fetch','B',1,0.0,0.0,0.0,'at most 50 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.font','B',1,0.0,0.0,0.0,'at most 60 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.image','B',1,858.0,858.0,858.0,'at most 150 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.script','B',1,421.0,421.0,421.0,'at most 170 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.style','B',1,2005.0,2005.0,2005.0,'at most 30 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.bytes.total','B',1,4769.0,4769.0,4769.0,'at most 300 KB',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.growth.font','ratio',1,0.0,0.0,0.0,'at most 5 %',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.growth.image','ratio',1,0.0,0.0,0.0,'at most 5 %',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.growth.script','ratio',1,0.0,0.0,0.0,'at most 5 %',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.growth.style','ratio',1,0.0,0.0,0.0,'at most 5 %',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.mobile.fcp','s',4,0.372,0.376,0.384,'at most 1.8 s',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.mobile.lcp','s',4,0.388,0.396,0.4,'at most 2.5 s',1);
INSERT INTO "measurements" VALUES('20261121T111028-8dc50e','landing.mobile.ttfb','s',4,0.0045,4.55000000074505788622e-03,0.005,'at most 800 ms',1);
CREATE TABLE runs (
        run_id text primary key, command text not null,
        platform text not null, environment text not null, base_url text not null, known integer not null,
        started real not null, finished real not null,
        decision text not null, exit_code integer not null,
        "release" text not null, reason text not null, "by" text not null, link text not null, acted text not null,
        postflight text not null
    ) strict;
INSERT INTO "runs" VALUES('20261121T111012-db5261','gate','velocity','reference','http://127.0.0.1:41841',1,1795259412.0,1795259426.0,'promote',0,'v1','','octocat','','','0+checkout');
INSERT INTO "runs" VALUES('20261121T111028-8dc50e','gate','velocity','reference','http://127.0.0.1:41911',1,1795259428.0,1795259441.0,'promote',0,'v2','','octocat','','','0+checkout');
CREATE INDEX runs_finished on runs (finished);
COMMIT;
