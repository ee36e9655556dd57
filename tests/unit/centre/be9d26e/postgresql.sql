CREATE TABLE public.audit (
    id integer NOT NULL,
    at character varying NOT NULL,
    machine character varying NOT NULL,
    site character varying NOT NULL,
    act character varying NOT NULL,
    detail json NOT NULL
);
CREATE SEQUENCE public.audit_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;
CREATE TABLE public.authentications (
    authentication_id character varying NOT NULL,
    machine character varying NOT NULL,
    session_nonce bytea NOT NULL,
    card_fingerprint character varying NOT NULL,
    resident_id character varying NOT NULL,
    expires_at double precision NOT NULL
);
CREATE TABLE public.cards (
    credential_sha256 character varying NOT NULL,
    kind character varying NOT NULL,
    method character varying NOT NULL,
    resident_id character varying NOT NULL,
    revoked boolean NOT NULL,
    reported_lost boolean NOT NULL,
    valid_until character varying,
    public_key character varying,
    pin_salt bytea,
    pin_hash bytea,
    pin_failures integer NOT NULL
);
CREATE TABLE public.challenges (
    challenge_id character varying NOT NULL,
    machine character varying NOT NULL,
    session_nonce bytea NOT NULL,
    method character varying NOT NULL,
    credential bytea NOT NULL,
    challenge bytea NOT NULL,
    expires_at double precision NOT NULL,
    answer_sha256 character varying,
    authentication_id character varying,
    refusal character varying,
    pin_tries_left integer
);
CREATE TABLE public.claims (
    key character varying NOT NULL,
    machine character varying NOT NULL,
    claim_code character varying NOT NULL,
    amount_yen integer NOT NULL,
    reason character varying NOT NULL
);
CREATE TABLE public.collections (
    key character varying NOT NULL,
    place character varying NOT NULL,
    number integer NOT NULL,
    amount_yen integer NOT NULL
);
CREATE TABLE public.copies (
    request_id character varying NOT NULL,
    copy integer NOT NULL,
    kind character varying NOT NULL,
    issue_number character varying NOT NULL,
    resident_id character varying NOT NULL,
    fee_yen integer NOT NULL,
    state character varying NOT NULL,
    stamp character varying NOT NULL,
    document bytea
);
CREATE TABLE public.facts (
    name character varying NOT NULL,
    value json
);
CREATE TABLE public.families (
    register_id character varying NOT NULL,
    packed json NOT NULL
);
CREATE TABLE public.family_members (
    resident_id character varying NOT NULL,
    register_id character varying NOT NULL
);
CREATE TABLE public.flags (
    id integer NOT NULL,
    at character varying NOT NULL,
    machine character varying NOT NULL,
    what character varying NOT NULL,
    detail json NOT NULL
);
CREATE SEQUENCE public.flags_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.flags_id_seq OWNED BY public.flags.id;
CREATE TABLE public.holds (
    key character varying NOT NULL,
    machine character varying NOT NULL
);
CREATE TABLE public.households (
    household_id character varying NOT NULL,
    version integer NOT NULL,
    packed json NOT NULL
);
CREATE TABLE public.machines (
    name character varying NOT NULL,
    seen_at character varying NOT NULL,
    journal_seq integer NOT NULL,
    journal_head character varying NOT NULL,
    state character varying NOT NULL,
    reasons json NOT NULL
);
CREATE TABLE public.requests (
    request_id character varying NOT NULL,
    machine character varying NOT NULL,
    state character varying NOT NULL,
    body_sha256 character varying NOT NULL,
    card_fingerprint character varying NOT NULL,
    household_id character varying NOT NULL,
    books_version integer NOT NULL,
    manifest character varying NOT NULL,
    signature bytea NOT NULL,
    began_at double precision NOT NULL,
    expires_at double precision NOT NULL
);
CREATE TABLE public.residents (
    resident_id character varying NOT NULL,
    household_id character varying NOT NULL,
    packed json NOT NULL
);
CREATE TABLE public.seals (
    resident_id character varying NOT NULL,
    packed json NOT NULL
);
CREATE TABLE public.serials (
    day character varying NOT NULL,
    terminal character varying NOT NULL,
    last integer NOT NULL
);
CREATE TABLE public.taxes (
    resident_id character varying NOT NULL,
    fiscal_year integer NOT NULL,
    packed json NOT NULL
);
ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);
ALTER TABLE ONLY public.flags ALTER COLUMN id SET DEFAULT nextval('public.flags_id_seq'::regclass);
INSERT INTO public.audit VALUES (1, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'reserved', '{"request_id": "5d3068a07b930686a577468a5dd308b3", "copies": 3, "books_version": 1}');
INSERT INTO public.audit VALUES (2, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'issued', '{"request_id": "5d3068a07b930686a577468a5dd308b3", "copy": 1, "issue_number": "20261124 \u5bae\u5d0e\u5e02 TXR3C2 0001", "kind": "juminhyo", "fee_yen": 300, "evidence": "printed", "journal_head": ""}');
INSERT INTO public.audit VALUES (3, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'void', '{"request_id": "5d3068a07b930686a577468a5dd308b3", "copy": 2, "issue_number": "20261124 \u5bae\u5d0e\u5e02 TXR3C2 0002", "kind": "inkan", "fee_yen": 300, "reason": "printed", "journal_head": ""}');
INSERT INTO public.audit VALUES (4, '2026-11-24T10:00:00+09:00', 'miyazaki-office-01', 'office', 'reserved', '{"request_id": "4644f56c37b3e5417f01bae82fac714d", "copies": 1, "books_version": 1}');
INSERT INTO public.audit VALUES (5, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'claim', '{"key": "abababababababababababababababab", "amount_yen": 700}');
INSERT INTO public.audit VALUES (6, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'claim', '{"key": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", "amount_yen": 300}');
INSERT INTO public.audit VALUES (7, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'claim_held', '{"key": "abababababababababababababababab", "left_yen": 700}');
INSERT INTO public.audit VALUES (8, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'claim_collected', '{"key": "abababababababababababababababab", "amount_yen": 500}');
INSERT INTO public.audit VALUES (9, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'store', 'claim_held', '{"key": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", "left_yen": 300}');
INSERT INTO public.authentications VALUES ('XYvJHrRw3N6_Wbh0yr0NoZ2eqLI3endt', 'miyazaki-store-01', '\x5906849bb2cbf93ef2d3616a5f101565', 'd2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec', '4500015838', 1795482900);
INSERT INTO public.authentications VALUES ('LmiDBJLfsryHhDaH_C6xVdumsQLqVuiT', 'miyazaki-office-01', '\x4e1849b6dc5a34a5d194a57fc775938a', 'bff561dea35847d69bc234d12512a7199ce574ab76963ec3a19703b92b7c55af', '4500047514', 1795482900);
INSERT INTO public.cards VALUES ('d2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec', 'individual_number', 'jpki', '4500015838', false, false, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.cards VALUES ('bff561dea35847d69bc234d12512a7199ce574ab76963ec3a19703b92b7c55af', 'individual_number', 'jpki', '4500047514', false, false, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.cards VALUES ('8131d2aace297b4894d50e1eb4387f18e21472a61bf224f647e7e1f49c570b29', 'resident_register', 'municipal', '4500015838', false, false, '2030-01-01', 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhw5htG19f6N+ir3siM1vnl4TIBGXLJNoWMIu1Lu+SbIPMQRC1xVxG+Kww7j1mHcWLU9E60/0TrhxUhPgsneHUg==', '\x73616c74', '\x016ac1d2551495aa2ad524ed24dd539fcb3a4b2de851ba20ab03786ed0a262fdc49dab90a6114984904076ff8209f87557164da57c823420435714dac4be09cd', 1);
INSERT INTO public.challenges VALUES ('MMorGD-JejmiyceKaE5O4g', 'miyazaki-store-01', '\x5906849bb2cbf93ef2d3616a5f101565', 'jpki', '\x3082034e30820236a00302010202042e5fbf33300d06092a864886f70d01010b0500308187310b3009060355040613024a5031123010060355040a0c094a504b492d5445535431253023060355040b0c1c4a504b4920666f7220757365722061757468656e7469636174696f6e313d303b060355040b0c344a6170616e204167656e637920666f72204c6f63616c20417574686f7269747920496e666f726d6174696f6e2053797374656d73301e170d3234313132353134353935395a170d3239313132343134353935395a3019310b3009060355040613024a50310a300806035504030c017830820122300d06092a864886f70d01010105000382010f003082010a0282010100c5d0fe96cacee6059719b96c79e3a1423a8d57ac164e7b21cfda5afdd1b56d8e341f5324765e55a5a1e0208cf9fc2e11c101b8791f108f950359f4dd0d8341ff102e1f7ab3406b0ea3207bfb921df1ec03a58514924e674278a383544c4e6fc6e7f6a1449690ca5d6986dc87a8ba05197b557e51161b279df18888ecc1faea51cfbbdfc66020b35379f23bfe97dcd9c34d4bb78484b6192d59ad860fe011d2d7cc49ddcca6d97acd5f3e9aa00f9da4f6a8461cb12cb2e853ec58a720f04b099a10b15de66c466bc20affbd8b404d3308cf96efe02d2a36834daafee7021286f426e4a2fc2b81249ba2d736882e8b8be977c69e29eeee26c342978fcf723129050203010001a32f302d300e0603551d0f0101ff040403020780301b0603551d200101ff0411300f300d060b2a83088c9b55080501031e300d06092a864886f70d01010b05000382010100b1f6f3b3932c4da3ad274842e5ba180c1945509014fa55547c0768cdcc0d5d59abda83be8aa94f45dd01ff1a03ccf440c36f1b839a6dba9d39cdec5c0a2bef0d9fa178a3c86634ea69a59570bceefe4be6d10f7aa35e5d768e52026a29a243d11b943d65e7436df62590ec3d208a6330b4c8a73cf2e7e18044eaeafe5b5b3a47152417d2805fb7f0239e21ff42afff11f5eec6e320513eafc1e95133d7c6ea830d32b3c938a31d7a503e2b5c0d8398680c58f62fdb5708cac12b45d8aabf925367ae97b9f2285137eda165bb3a9dc94c4b89a25690cad2f346c7b47aefd7e56ccc8b65d0a1809c9f234acdb94aea32092f57c5e5c811516db334b42626a3fd39', '\x8b4a65ef4d86d75ff7466dfec87f2e6fc430930f1c06a34f6b8f435017f47ff0', 1795482300, '30b2d4adf6fc00361c4476e284225a10cb7fb1945a19eb96019bdb258f2429a9', 'XYvJHrRw3N6_Wbh0yr0NoZ2eqLI3endt', NULL, NULL);
INSERT INTO public.challenges VALUES ('7eKDidy-bjo3ATSfP5ILqA', 'miyazaki-office-01', '\x4e1849b6dc5a34a5d194a57fc775938a', 'jpki', '\x3082034e30820236a00302010202041897694c300d06092a864886f70d01010b0500308187310b3009060355040613024a5031123010060355040a0c094a504b492d5445535431253023060355040b0c1c4a504b4920666f7220757365722061757468656e7469636174696f6e313d303b060355040b0c344a6170616e204167656e637920666f72204c6f63616c20417574686f7269747920496e666f726d6174696f6e2053797374656d73301e170d3234313132353134353935395a170d3239313132343134353935395a3019310b3009060355040613024a50310a300806035504030c017830820122300d06092a864886f70d01010105000382010f003082010a0282010100c5d0fe96cacee6059719b96c79e3a1423a8d57ac164e7b21cfda5afdd1b56d8e341f5324765e55a5a1e0208cf9fc2e11c101b8791f108f950359f4dd0d8341ff102e1f7ab3406b0ea3207bfb921df1ec03a58514924e674278a383544c4e6fc6e7f6a1449690ca5d6986dc87a8ba05197b557e51161b279df18888ecc1faea51cfbbdfc66020b35379f23bfe97dcd9c34d4bb78484b6192d59ad860fe011d2d7cc49ddcca6d97acd5f3e9aa00f9da4f6a8461cb12cb2e853ec58a720f04b099a10b15de66c466bc20affbd8b404d3308cf96efe02d2a36834daafee7021286f426e4a2fc2b81249ba2d736882e8b8be977c69e29eeee26c342978fcf723129050203010001a32f302d300e0603551d0f0101ff040403020780301b0603551d200101ff0411300f300d060b2a83088c9b55080501031e300d06092a864886f70d01010b05000382010100856d9d3c687dbe20a294ca418e41b2fd47ac640ee390dc88465bf30b943b8b6bab891462ef4fe6afc19493a3c415d8505572eafce9d097a77be6d6a35890c5fd3c5b9729a719c4c7ce7b875ab955a01ddcf6068359c7ca105f22b22dd884b728cf188d48a838e694998305b12be2fc5077159ada942f0fe311c575abc1bb356d98f92510a8b6c7ab2e1c582d708ecf3ce4468b3a9b42c2be95470f92d63ec06b39ead52e6b793a3ee71590231a585e7833d2897921f763188a67f809027de6f26f83c10751422029ef559bb5248d8dca336acfd472aca75b0013f2738d1fe0182a26807277a6b34df0d1f549108e8c36e7e3ff0334a15a703ba08299c3b87620', '\xdf4ce33d6a3f63930379a7431b41cfe0a1ca16ba3a6516c1534dca81453541df', 1795482300, '41eba95850ae75a825e1672db079c514b6b73c67da4a7038fe8e6253ada85739', 'LmiDBJLfsryHhDaH_C6xVdumsQLqVuiT', NULL, NULL);
INSERT INTO public.challenges VALUES ('dFf_4TLKY5W6zSl89EX1Rg', 'miyazaki-office-01', '\x00000000000000000000000000000000', 'municipal', '\x416f85594b375079b6999f17abdfe771c316aa2bd4d61292a86f04b9044d', '\xece568372148fcccfaaaaa50f948ad93de2eaeb2419c24030b3b91658108f351', 1795482300, NULL, NULL, NULL, NULL);
INSERT INTO public.claims VALUES ('abababababababababababababababab', 'miyazaki-store-01', 'MJYR7CX3', 700, 'hopper_empty');
INSERT INTO public.claims VALUES ('cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 'miyazaki-store-01', '2CTGMXRL', 300, 'hopper_empty');
INSERT INTO public.collections VALUES ('abababababababababababababababab', 'miyazaki-store-01', 1, 500);
INSERT INTO public.copies VALUES ('5d3068a07b930686a577468a5dd308b3', 3, 'inkan', '20261124 宮崎市 TXR3C2 0003', '4500015838', 300, 'reserved', '5d3068a07b930686a577468a5dd308b3.3.d2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec.235311108858ad09c8468065d28d45af6711d1d358d13e0e20a0f785ed86baf0.bdygOmmXKFUDu9ViGCbSJJH1sTO9cjZ41EGku54kLXWQcbCkAVjQ0B_qHrOPu4JlL9Ty2nAtXh832eFIEk5JCw', '\x7b226b696e64223a2022696e6b616e222c20226f66223a202234353030303135383338222c202277697468223a205b2234353030303037393139222c202234353030303135383338222c202234353030303233373537222c202234353030303331363736225d2c20226e616d6573223a205b225c75356261655c75356430655c75333030305c75353932615c7539306365222c20225c75356261655c75356430655c75333030305c75383262315c7535623530222c20225c75356261655c75356430655c75333030305c75333037665c75333036395c7533303861222c20225c75356261655c75356430655c75333030305c75333063665c7533306562225d2c20226e756d626572223a20223230323631313234205c75356261655c75356430655c7535653032205458523343322030303033222c20226f7074696f6e73223a207b7d2c20227365616c223a202276616c6964227d');
INSERT INTO public.copies VALUES ('5d3068a07b930686a577468a5dd308b3', 1, 'juminhyo', '20261124 宮崎市 TXR3C2 0001', '4500015838', 300, 'issued', '5d3068a07b930686a577468a5dd308b3.1.d2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec.7acadd61f48e5b568c323a0e865b5a42d8bd6f0d02671d4799827886474f9aad.zsk4ZvU6ROLYh8JaeF_A9pSSK0wUz3zo2zSpq8NyjK6DES7aUbgLnrf2Cw7kYAJqa-YgZn0oMgSRQ6eApsQgAg', NULL);
INSERT INTO public.copies VALUES ('5d3068a07b930686a577468a5dd308b3', 2, 'inkan', '20261124 宮崎市 TXR3C2 0002', '4500015838', 300, 'void', '5d3068a07b930686a577468a5dd308b3.2.d2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec.62820315777560610fa286a637e434490d8b195ec8fd6fb80d25d91d8b5e0802.OjirvKIqos3UAhsSJmySWPasvAwBrIqpL2fAbhtRbHAlyOCmF5lTCxOquF611pdzP6BbNfUeDZoroFJMSprXAg', NULL);
INSERT INTO public.copies VALUES ('4644f56c37b3e5417f01bae82fac714d', 1, 'juminhyo', '20261124 宮崎市 TA7M35 0001', '4500047514', 300, 'delivered', '4644f56c37b3e5417f01bae82fac714d.1.bff561dea35847d69bc234d12512a7199ce574ab76963ec3a19703b92b7c55af.f13e76c8dfe6b3358ceaf4daa3ee3a2737e486244651346d7debad507dcb5485.SexPLx2lBFCoFj7U7kLh7RcdvYPrZAN56DV4GzBzlYUP_5f4N1EK5iprd9HS4A2SHOjvRpRtgbYXzA6Mz-DdCw', '\x7b226b696e64223a20226a756d696e68796f222c20226f66223a202234353030303437353134222c202277697468223a205b2234353030303437353134225d2c20226e616d6573223a205b224e475559454e2056414e20414e225d2c20226e756d626572223a20223230323631313234205c75356261655c75356430655c7535653032205441374d33352030303031222c20226f7074696f6e73223a207b2272656c6174696f6e223a205b226f6d6974225d2c2022666f726569676e223a205b226f6d6974225d2c20226d795f6e756d626572223a205b226f6d6974225d7d2c20227365616c223a202276616c6964227d');
INSERT INTO public.facts VALUES ('municipality', '{"code": "452017", "prefecture": "\u5bae\u5d0e\u770c", "city": "\u5bae\u5d0e\u5e02", "mayor": "\u6a58\u3000\u967d\u4e00\u90ce", "acting": false, "telephone": "0985-25-2111"}');
INSERT INTO public.facts VALUES ('cast', '{"taro": "4500007919", "hanako": "4500015838", "midori": "4500023757", "kazuko": "4500039595", "nguyen": "4500047514", "jiro": "4500055433", "sakura": "4500063352", "yoshiko": "4500079190", "saburo": "4500087109", "ichiro": "4500095028", "nagako": "4500158380", "ume": "4500166299", "ito": "4500174218", "aya": "4500182137", "gaiji": "4500190056"}');
INSERT INTO public.facts VALUES ('news of miyazaki-store-01', '["pin_attack"]');
INSERT INTO public.facts VALUES ('version', '2');
INSERT INTO public.families VALUES ('4520101', '{"register_id": "4520101", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "surname": "\u5bae\u5d0e", "surname_kana": "\u30df\u30e4\u30b6\u30ad", "head_given_name": "\u592a\u90ce", "events": [{"title": "\u6238\u7c4d\u7de8\u88fd", "lines": [["\u3010\u7de8\u88fd\u65e5\u3011", "\u5e73\u621021\u5e745\u670820\u65e5"]]}], "members": [{"resident_id": "4500007919", "given_name": "\u592a\u90ce", "kana": "\u30bf\u30ed\u30a6", "born": {"on": "1981-08-29", "written": null}, "father": "\u5bae\u5d0e\u6b63\u9020", "mother": "\u5bae\u5d0e\u30cf\u30eb", "relation": "\u9577\u7537", "spouse": "\u592b", "struck_off": false, "events": [{"title": "\u51fa\u751f", "lines": [["\u3010\u51fa\u751f\u65e5\u3011", "\u662d\u548c56\u5e748\u670829\u65e5"], ["\u3010\u51fa\u751f\u5730\u3011", "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02"], ["\u3010\u5c4a\u51fa\u65e5\u3011", "\u662d\u548c56\u5e749\u67086\u65e5"], ["\u3010\u5c4a\u51fa\u4eba\u3011", "\u7236"]]}, {"title": "\u5a5a\u59fb", "lines": [["\u3010\u5a5a\u59fb\u65e5\u3011", "\u5e73\u621021\u5e745\u670820\u65e5"], ["\u3010\u914d\u5076\u8005\u6c0f\u540d\u3011", "\u65e5\u5357\u82b1\u5b50"], ["\u3010\u5f93\u524d\u6238\u7c4d\u3011", "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730\u3000\u5bae\u5d0e\u6b63\u9020"]]}], "addresses": [{"address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "since": {"on": "2009-06-07", "written": null}}]}, {"resident_id": "4500015838", "given_name": "\u82b1\u5b50", "kana": "\u30cf\u30ca\u30b3", "born": {"on": "1984-02-29", "written": null}, "father": "\u65e5\u5357\u4fdd", "mother": "\u65e5\u5357\u9759\u9999", "relation": "\u4e8c\u5973", "spouse": "\u59bb", "struck_off": false, "events": [{"title": "\u51fa\u751f", "lines": [["\u3010\u51fa\u751f\u65e5\u3011", "\u662d\u548c59\u5e742\u670829\u65e5"], ["\u3010\u51fa\u751f\u5730\u3011", "\u5bae\u5d0e\u770c\u65e5\u5357\u5e02"], ["\u3010\u5c4a\u51fa\u65e5\u3011", "\u662d\u548c59\u5e743\u67088\u65e5"], ["\u3010\u5c4a\u51fa\u4eba\u3011", "\u7236"]]}, {"title": "\u5a5a\u59fb", "lines": [["\u3010\u5a5a\u59fb\u65e5\u3011", "\u5e73\u621021\u5e745\u670820\u65e5"], ["\u3010\u914d\u5076\u8005\u6c0f\u540d\u3011", "\u5bae\u5d0e\u592a\u90ce"], ["\u3010\u5f93\u524d\u6238\u7c4d\u3011", "\u5bae\u5d0e\u770c\u65e5\u5357\u5e02\u98eb\u80a5\u5341\u4e94\u4e01\u76ee8\u756a\u5730\u3000\u65e5\u5357\u4fdd"]]}], "addresses": [{"address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "since": {"on": "2009-06-07", "written": null}}]}, {"resident_id": "4500023757", "given_name": "\u307f\u3069\u308a", "kana": "\u30df\u30c9\u30ea", "born": {"on": "2014-05-04", "written": null}, "father": "\u5bae\u5d0e\u592a\u90ce", "mother": "\u5bae\u5d0e\u82b1\u5b50", "relation": "\u9577\u5973", "spouse": null, "struck_off": false, "events": [{"title": "\u51fa\u751f", "lines": [["\u3010\u51fa\u751f\u65e5\u3011", "\u5e73\u621026\u5e745\u67084\u65e5"], ["\u3010\u51fa\u751f\u5730\u3011", "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02"], ["\u3010\u5c4a\u51fa\u65e5\u3011", "\u5e73\u621026\u5e745\u670812\u65e5"], ["\u3010\u5c4a\u51fa\u4eba\u3011", "\u7236"]]}], "addresses": [{"address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "since": {"on": "2014-05-04", "written": null}}]}]}');
INSERT INTO public.family_members VALUES ('4500007919', '4520101');
INSERT INTO public.family_members VALUES ('4500015838', '4520101');
INSERT INTO public.family_members VALUES ('4500023757', '4520101');
INSERT INTO public.flags VALUES (1, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'two_ends', '{"request_id": "5d3068a07b930686a577468a5dd308b3", "copy": 1, "issue_number": "20261124 \u5bae\u5d0e\u5e02 TXR3C2 0001", "stands": "issued", "told": "void"}');
INSERT INTO public.flags VALUES (2, '2026-11-24T10:00:00+09:00', 'miyazaki-store-01', 'reported', '{"event": "pin_attack"}');
INSERT INTO public.holds VALUES ('cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 'miyazaki-store-01');
INSERT INTO public.households VALUES ('45000051', 1, '{"household_id": "45000051", "head_id": "4500047514", "address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u5927\u6dc0\u516b\u4e01\u76ee21\u756a9\u53f7", "building": "\u30e1\u30be\u30f3\u30fb\u30c9\u30fb\u30d5\u30a7\u30cb\u30c3\u30af\u30b9205\u53f7\u5ba4", "member_ids": ["4500047514"]}');
INSERT INTO public.households VALUES ('45000221', 1, '{"household_id": "45000221", "head_id": "4500190056", "address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u4e38\u5cf6\u753a95\u756a5\u53f7", "building": null, "member_ids": ["4500190056"]}');
INSERT INTO public.households VALUES ('45000017', 2, '{"household_id": "45000017", "head_id": "4500007919", "address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "building": null, "member_ids": ["4500007919", "4500015838", "4500023757", "4500031676"]}');
INSERT INTO public.machines VALUES ('miyazaki-store-01', '2026-11-24T10:00:00+09:00', 7, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'IN_SERVICE', '["paper_low"]');
INSERT INTO public.requests VALUES ('5d3068a07b930686a577468a5dd308b3', 'miyazaki-store-01', 'made', '171213fb12b6c0abef561f751da5ec1dad514cd759901c3b74de8f443d3f6892', 'd2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec', '45000017', 1, '{"card_fingerprint":"d2eaf59a0071f46269cdecd4df6cf407f0671b133b6bf9bdac6d569005b84cec","copies":[{"copy":1,"document_sha256":"7acadd61f48e5b568c323a0e865b5a42d8bd6f0d02671d4799827886474f9aad","fee_yen":300,"issue_number":"20261124 宮崎市 TXR3C2 0001","kind":"juminhyo","options":{"domicile":["omit"],"my_number":["omit"],"relation":["omit"],"scope":["all"]},"pages":1,"size_bytes":427},{"copy":2,"document_sha256":"62820315777560610fa286a637e434490d8b195ec8fd6fb80d25d91d8b5e0802","fee_yen":300,"issue_number":"20261124 宮崎市 TXR3C2 0002","kind":"inkan","options":{},"pages":1,"size_bytes":341},{"copy":3,"document_sha256":"235311108858ad09c8468065d28d45af6711d1d358d13e0e20a0f785ed86baf0","fee_yen":300,"issue_number":"20261124 宮崎市 TXR3C2 0003","kind":"inkan","options":{},"pages":1,"size_bytes":341}],"expires_at":"2026-11-24T01:15:00+00:00","machine":"miyazaki-store-01","request_id":"5d3068a07b930686a577468a5dd308b3","reserved_at":"2026-11-24T01:00:00+00:00","session_nonce":"WQaEm7LL+T7y02FqXxAVZQ=="}', '\x9ea5d5289f33f8c91909e97cb871459db783a2ab0a357ef2ae2619493cedb841ef6d4125aa8dc824f9d6154e810c5ff6043a4efee4c4fd211d040419cb724101', 1795482000, 1795482900);
INSERT INTO public.requests VALUES ('4644f56c37b3e5417f01bae82fac714d', 'miyazaki-office-01', 'made', '2779f8f74b017f3477597e182c8e256b84bc0588913c1f434e133a66b248e045', 'bff561dea35847d69bc234d12512a7199ce574ab76963ec3a19703b92b7c55af', '45000051', 1, '{"card_fingerprint":"bff561dea35847d69bc234d12512a7199ce574ab76963ec3a19703b92b7c55af","copies":[{"copy":1,"document_sha256":"f13e76c8dfe6b3358ceaf4daa3ee3a2737e486244651346d7debad507dcb5485","fee_yen":300,"issue_number":"20261124 宮崎市 TA7M35 0001","kind":"juminhyo","options":{"foreign":["omit"],"my_number":["omit"],"relation":["omit"]},"pages":1,"size_bytes":241}],"expires_at":"2026-11-24T01:15:00+00:00","machine":"miyazaki-office-01","request_id":"4644f56c37b3e5417f01bae82fac714d","reserved_at":"2026-11-24T01:00:00+00:00","session_nonce":"ThhJttxaNKXRlKV/x3WTig=="}', '\x94fb5996d30d0dc405394cf94edc7ef3c0de800c2c0449d574d78a93c398581033cfa1c2e7b7c2dc50e9a15b166bc9007ec367591262473a9475671413e97906', 1795482000, 1795482900);
INSERT INTO public.requests VALUES ('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 'miyazaki-store-01', 'dead', '', '', '', 0, '', '\x', 1795482000, 1795568400);
INSERT INTO public.residents VALUES ('4500007919', '45000017', '{"resident_id": "4500007919", "household_id": "45000017", "name": "\u5bae\u5d0e\u3000\u592a\u90ce", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30bf\u30ed\u30a6", "sex": "\u7537", "born": {"on": "1981-08-29", "written": null}, "relation": "\u4e16\u5e2f\u4e3b", "resident_since": {"on": "2009-04-02", "written": null}, "address_since": {"on": "2009-04-02", "written": null}, "notified_on": {"on": "2009-04-02", "written": null}, "previous_address": "\u798f\u5ca1\u770c\u798f\u5ca1\u5e02\u4e2d\u592e\u533a\u5929\u795e\u4e5d\u4e01\u76ee2\u756a1\u53f7", "my_number": "000423259868", "resident_code": "54047533508", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u592a\u90ce", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO public.residents VALUES ('4500023757', '45000017', '{"resident_id": "4500023757", "household_id": "45000017", "name": "\u5bae\u5d0e\u3000\u307f\u3069\u308a", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30df\u30c9\u30ea", "sex": "\u5973", "born": {"on": "2014-05-04", "written": null}, "relation": "\u5b50", "resident_since": {"on": "2014-05-04", "written": null}, "address_since": {"on": "2014-05-04", "written": null}, "notified_on": {"on": "2014-05-12", "written": null}, "previous_address": null, "my_number": "000276674706", "resident_code": "57669065264", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u592a\u90ce", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO public.residents VALUES ('4500031676', '45000017', '{"resident_id": "4500031676", "household_id": "45000017", "name": "\u5bae\u5d0e\u3000\u30cf\u30eb", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30cf\u30eb", "sex": "\u5973", "born": {"on": "1926-12-25", "written": "\u5927\u6b6315\u5e7412\u670825\u65e5"}, "relation": "\u6bcd", "resident_since": {"on": "1952-11-03", "written": null}, "address_since": {"on": "2018-04-01", "written": null}, "notified_on": null, "previous_address": null, "my_number": "000928354660", "resident_code": "02115614031", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u7530\u91ce\u753a\u753299887\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u6b63\u9020", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO public.residents VALUES ('4500047514', '45000051', '{"resident_id": "4500047514", "household_id": "45000051", "name": "NGUYEN VAN AN", "kana": "\u30b0\u30a8\u30f3\u3000\u30f4\u30a1\u30f3\u3000\u30a2\u30f3", "sex": "\u7537", "born": {"on": "1992-07-14", "written": null}, "relation": "\u4e16\u5e2f\u4e3b", "resident_since": {"on": "2021-04-01", "written": null}, "address_since": {"on": "2021-04-01", "written": null}, "notified_on": {"on": "2021-04-01", "written": null}, "previous_address": "\u798f\u5ca1\u770c\u5317\u4e5d\u5dde\u5e02\u5c0f\u5009\u5317\u533a\u57ce\u5185\u5341\u4e8c\u756a\u57302", "my_number": "000168425813", "resident_code": "93859268549", "domicile": null, "family_head": null, "former_surname": null, "former_surname_kana": null, "foreign": {"nationality": "\u30d9\u30c8\u30ca\u30e0", "category": "\u4e2d\u9577\u671f\u5728\u7559\u8005", "status": "\u6280\u8853\u30fb\u4eba\u6587\u77e5\u8b58\u30fb\u56fd\u969b\u696d\u52d9", "period": "5\u5e74", "until": "2028-03-14", "card_number": "ZZ00000205ZZ", "resident_since": {"on": "2016-10-03", "written": null}, "alias": "\u5bae\u672c\u3000\u5b89", "alias_kana": "\u30df\u30e4\u30e2\u30c8\u3000\u30a2\u30f3", "alias_recorded_on": "2021-04-01", "alias_recorded_at": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02"}, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO public.residents VALUES ('4500190056', '45000221', '{"resident_id": "4500190056", "household_id": "45000221", "name": "\u5ddd\ue000\u3000\u5357", "kana": "\u30ab\u30ef\u30b5\u30ad\u3000\u30df\u30ca\u30df", "sex": "\u5973", "born": {"on": "1966-04-18", "written": null}, "relation": "\u4e16\u5e2f\u4e3b", "resident_since": {"on": "1975-01-10", "written": null}, "address_since": {"on": "1975-01-10", "written": null}, "notified_on": {"on": "1975-01-10", "written": null}, "previous_address": null, "my_number": "000211715243", "resident_code": "26236430071", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u4e38\u5cf6\u753a9990\u756a\u5730", "family_head": "\u5ddd\ue000\u3000\u5357", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO public.residents VALUES ('4500015838', '45000017', '{"resident_id": "4500015838", "household_id": "45000017", "name": "\u65e5\u5411\u3000\u82b1\u5b50", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30cf\u30ca\u30b3", "sex": "\u5973", "born": {"on": "1984-02-29", "written": null}, "relation": "\u59bb", "resident_since": {"on": "2009-06-07", "written": null}, "address_since": {"on": "2009-06-07", "written": null}, "notified_on": {"on": "2009-06-07", "written": null}, "previous_address": "\u9e7f\u5150\u5cf6\u770c\u9e7f\u5150\u5cf6\u5e02\u5c71\u4e0b\u753a\u4e5d\u756a\u57308", "my_number": "000254168050", "resident_code": "46883961483", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u592a\u90ce", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO public.seals VALUES ('4500007919', '{"resident_id": "4500007919", "registration_number": "100001", "registered_on": "2009-04-10", "letters": "\u5bae\u5d0e\u592a\u90ce", "diameter_mm": 15.0, "seed": 4500007919, "state": "valid"}');
INSERT INTO public.seals VALUES ('4500015838', '{"resident_id": "4500015838", "registration_number": "100002", "registered_on": "2009-06-15", "letters": "\u5bae\u5d0e", "diameter_mm": 12.0, "seed": 4500015838, "state": "valid"}');
INSERT INTO public.seals VALUES ('4500047514', '{"resident_id": "4500047514", "registration_number": "100003", "registered_on": "2021-05-06", "letters": "\u5bae\u672c", "diameter_mm": 10.5, "seed": 4500047514, "state": "valid"}');
INSERT INTO public.seals VALUES ('4500190056', '{"resident_id": "4500190056", "registration_number": "100010", "registered_on": "2010-10-10", "letters": "\u5357", "diameter_mm": 12.0, "seed": 4500190056, "state": "valid"}');
INSERT INTO public.serials VALUES ('2026-11-24', 'TXR3C2', 3);
INSERT INTO public.serials VALUES ('2026-11-24', 'TA7M35', 1);
INSERT INTO public.taxes VALUES ('4500007919', 2026, '{"resident_id": "4500007919", "fiscal_year": 2026, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 4552000}, "salary_revenue_yen": 6240000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 936000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 450000, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {"\u4e00\u822c\u306e\u6276\u990a": 0, "\u8001\u4eba\u6276\u990a\uff08\u540c\u5c45\uff09": 1}, "taxable_yen": 2680000, "city_income_yen": 159300, "city_flat_yen": 3000, "prefecture_income_yen": 106200, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500007919', 2025, '{"resident_id": "4500007919", "fiscal_year": 2025, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 4475200}, "salary_revenue_yen": 6144000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 921000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 450000, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {"\u4e00\u822c\u306e\u6276\u990a": 0, "\u8001\u4eba\u6276\u990a\uff08\u540c\u5c45\uff09": 1}, "taxable_yen": 2618000, "city_income_yen": 155500, "city_flat_yen": 3000, "prefecture_income_yen": 103700, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500007919', 2024, '{"resident_id": "4500007919", "fiscal_year": 2024, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 4398400}, "salary_revenue_yen": 6048000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 907000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 450000, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {"\u4e00\u822c\u306e\u6276\u990a": 0, "\u8001\u4eba\u6276\u990a\uff08\u540c\u5c45\uff09": 1}, "taxable_yen": 2555000, "city_income_yen": 151800, "city_flat_yen": 3000, "prefecture_income_yen": 101200, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500015838', 2026, '{"resident_id": "4500015838", "fiscal_year": 2026, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 1936000}, "salary_revenue_yen": 2880000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 432000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 0, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1074000, "city_income_yen": 62900, "city_flat_yen": 3000, "prefecture_income_yen": 41900, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500015838', 2025, '{"resident_id": "4500015838", "fiscal_year": 2025, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 1868800}, "salary_revenue_yen": 2784000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 417000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 0, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1021000, "city_income_yen": 59700, "city_flat_yen": 3000, "prefecture_income_yen": 39800, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500015838', 2024, '{"resident_id": "4500015838", "fiscal_year": 2024, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 1801600}, "salary_revenue_yen": 2688000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 403000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 0, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 968000, "city_income_yen": 56500, "city_flat_yen": 3000, "prefecture_income_yen": 37700, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500047514', 2026, '{"resident_id": "4500047514", "fiscal_year": 2026, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 2824000}, "salary_revenue_yen": 4080000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 612000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1726000, "city_income_yen": 102000, "city_flat_yen": 3000, "prefecture_income_yen": 68000, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500047514', 2025, '{"resident_id": "4500047514", "fiscal_year": 2025, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 2747200}, "salary_revenue_yen": 3984000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 597000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1664000, "city_income_yen": 98300, "city_flat_yen": 3000, "prefecture_income_yen": 65500, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO public.taxes VALUES ('4500047514', 2024, '{"resident_id": "4500047514", "fiscal_year": 2024, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 2670400}, "salary_revenue_yen": 3888000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 583000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1601000, "city_income_yen": 94500, "city_flat_yen": 3000, "prefecture_income_yen": 63000, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
SELECT pg_catalog.setval('public.audit_id_seq', 9, true);
SELECT pg_catalog.setval('public.flags_id_seq', 2, true);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.authentications
    ADD CONSTRAINT authentications_pkey PRIMARY KEY (authentication_id);
ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (credential_sha256);
ALTER TABLE ONLY public.challenges
    ADD CONSTRAINT challenges_pkey PRIMARY KEY (challenge_id);
ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.collections
    ADD CONSTRAINT collections_pkey PRIMARY KEY (key, place, number);
ALTER TABLE ONLY public.copies
    ADD CONSTRAINT copies_issue_number_key UNIQUE (issue_number);
ALTER TABLE ONLY public.copies
    ADD CONSTRAINT copies_pkey PRIMARY KEY (request_id, copy);
ALTER TABLE ONLY public.facts
    ADD CONSTRAINT facts_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.families
    ADD CONSTRAINT families_pkey PRIMARY KEY (register_id);
ALTER TABLE ONLY public.family_members
    ADD CONSTRAINT family_members_pkey PRIMARY KEY (resident_id, register_id);
ALTER TABLE ONLY public.flags
    ADD CONSTRAINT flags_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.households
    ADD CONSTRAINT households_pkey PRIMARY KEY (household_id);
ALTER TABLE ONLY public.machines
    ADD CONSTRAINT machines_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY public.residents
    ADD CONSTRAINT residents_pkey PRIMARY KEY (resident_id);
ALTER TABLE ONLY public.seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (resident_id);
ALTER TABLE ONLY public.serials
    ADD CONSTRAINT serials_pkey PRIMARY KEY (day, terminal);
ALTER TABLE ONLY public.taxes
    ADD CONSTRAINT taxes_pkey PRIMARY KEY (resident_id, fiscal_year);
CREATE INDEX ix_authentications_expires_at ON public.authentications USING btree (expires_at);
CREATE INDEX ix_challenges_expires_at ON public.challenges USING btree (expires_at);
CREATE INDEX ix_claims_claim_code ON public.claims USING btree (claim_code);
CREATE INDEX ix_requests_expires_at ON public.requests USING btree (expires_at);
CREATE INDEX ix_residents_household_id ON public.residents USING btree (household_id);
