BEGIN TRANSACTION;
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	site VARCHAR NOT NULL, 
	act VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES(1,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','reserved','{"request_id": "d4443509e5d26ac383baea6214682f2b", "copies": 3, "books_version": 1}');
INSERT INTO "audit" VALUES(2,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','issued','{"request_id": "d4443509e5d26ac383baea6214682f2b", "copy": 1, "issue_number": "20261124 \u5bae\u5d0e\u5e02 TXR3C2 0001", "kind": "juminhyo", "fee_yen": 300, "evidence": "printed", "journal_head": ""}');
INSERT INTO "audit" VALUES(3,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','void','{"request_id": "d4443509e5d26ac383baea6214682f2b", "copy": 2, "issue_number": "20261124 \u5bae\u5d0e\u5e02 TXR3C2 0002", "kind": "inkan", "fee_yen": 300, "reason": "printed", "journal_head": ""}');
INSERT INTO "audit" VALUES(4,'2026-11-24T10:00:00+09:00','miyazaki-office-01','office','reserved','{"request_id": "4a558035a596cc5039cf52ae582dde25", "copies": 1, "books_version": 1}');
INSERT INTO "audit" VALUES(5,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','claim','{"key": "abababababababababababababababab", "amount_yen": 700}');
INSERT INTO "audit" VALUES(6,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','claim','{"key": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", "amount_yen": 300}');
INSERT INTO "audit" VALUES(7,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','claim_held','{"key": "abababababababababababababababab", "left_yen": 700}');
INSERT INTO "audit" VALUES(8,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','claim_collected','{"key": "abababababababababababababababab", "amount_yen": 500}');
INSERT INTO "audit" VALUES(9,'2026-11-24T10:00:00+09:00','miyazaki-store-01','store','claim_held','{"key": "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", "left_yen": 300}');
CREATE TABLE authentications (
	authentication_id VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	session_nonce BLOB NOT NULL, 
	card_fingerprint VARCHAR NOT NULL, 
	resident_id VARCHAR NOT NULL, 
	expires_at FLOAT NOT NULL, 
	PRIMARY KEY (authentication_id)
);
INSERT INTO "authentications" VALUES('hjH3Cy4Rtd67sbSlyThyn8qC4HQIJdus','miyazaki-store-01',X'C930D4F5F197C29669D2DD055CBFB488','a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788','4500015838',1795482900.0);
INSERT INTO "authentications" VALUES('yrSHMznx-WtdThXYo7x5CMOY7OW_SpSV','miyazaki-office-01',X'78AE93215CB4A31D3E6ED73A495DC34A','201d2901f1f98028a371e087a996890202245eec667045e5b48e749d847aec50','4500047514',1795482900.0);
CREATE TABLE cards (
	credential_sha256 VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	method VARCHAR NOT NULL, 
	resident_id VARCHAR NOT NULL, 
	revoked BOOLEAN NOT NULL, 
	reported_lost BOOLEAN NOT NULL, 
	valid_until VARCHAR, 
	public_key VARCHAR, 
	pin_salt BLOB, 
	pin_hash BLOB, 
	pin_failures INTEGER NOT NULL, 
	PRIMARY KEY (credential_sha256)
);
INSERT INTO "cards" VALUES('a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788','individual_number','jpki','4500015838',0,0,NULL,NULL,NULL,NULL,0);
INSERT INTO "cards" VALUES('201d2901f1f98028a371e087a996890202245eec667045e5b48e749d847aec50','individual_number','jpki','4500047514',0,0,NULL,NULL,NULL,NULL,0);
INSERT INTO "cards" VALUES('b892a1aa8c1ca61129de0edd91f454fcfa5616999415306a7151d712486c2ccc','resident_register','municipal','4500015838',0,0,'2030-01-01','MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhw5htG19f6N+ir3siM1vnl4TIBGXLJNoWMIu1Lu+SbIPMQRC1xVxG+Kww7j1mHcWLU9E60/0TrhxUhPgsneHUg==',X'73616C74',X'016AC1D2551495AA2AD524ED24DD539FCB3A4B2DE851BA20AB03786ED0A262FDC49DAB90A6114984904076FF8209F87557164DA57C823420435714DAC4BE09CD',1);
CREATE TABLE challenges (
	challenge_id VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	session_nonce BLOB NOT NULL, 
	method VARCHAR NOT NULL, 
	credential BLOB NOT NULL, 
	challenge BLOB NOT NULL, 
	expires_at FLOAT NOT NULL, 
	answer_sha256 VARCHAR, 
	authentication_id VARCHAR, 
	refusal VARCHAR, 
	pin_tries_left INTEGER, 
	PRIMARY KEY (challenge_id)
);
INSERT INTO "challenges" VALUES('fr1jIuzymcwJuJIhHiYE0w','miyazaki-store-01',X'C930D4F5F197C29669D2DD055CBFB488','jpki',X'3082034E30820236A00302010202041381FE40300D06092A864886F70D01010B0500308187310B3009060355040613024A5031123010060355040A0C094A504B492D5445535431253023060355040B0C1C4A504B4920666F7220757365722061757468656E7469636174696F6E313D303B060355040B0C344A6170616E204167656E637920666F72204C6F63616C20417574686F7269747920496E666F726D6174696F6E2053797374656D73301E170D3234313132353134353935395A170D3239313132343134353935395A3019310B3009060355040613024A50310A300806035504030C017830820122300D06092A864886F70D01010105000382010F003082010A0282010100C5D0FE96CACEE6059719B96C79E3A1423A8D57AC164E7B21CFDA5AFDD1B56D8E341F5324765E55A5A1E0208CF9FC2E11C101B8791F108F950359F4DD0D8341FF102E1F7AB3406B0EA3207BFB921DF1EC03A58514924E674278A383544C4E6FC6E7F6A1449690CA5D6986DC87A8BA05197B557E51161B279DF18888ECC1FAEA51CFBBDFC66020B35379F23BFE97DCD9C34D4BB78484B6192D59AD860FE011D2D7CC49DDCCA6D97ACD5F3E9AA00F9DA4F6A8461CB12CB2E853EC58A720F04B099A10B15DE66C466BC20AFFBD8B404D3308CF96EFE02D2A36834DAAFEE7021286F426E4A2FC2B81249BA2D736882E8B8BE977C69E29EEEE26C342978FCF723129050203010001A32F302D300E0603551D0F0101FF040403020780301B0603551D200101FF0411300F300D060B2A83088C9B55080501031E300D06092A864886F70D01010B05000382010100BC235405729C63B045A0CA41141BA18DD123773A806662B3B744405A6D7B72D9F5FCFEFA0629C322B70905E753C6975D8889EA4E4E355FD5978526131D79F5E211CBFCF5DCDF3FCB83B1FEEDCE997BC74743FE9797CAEA38C13BC4EBE218B0A8E74DCD7D1B6F793E3A771EE8BD95155F33874DC791846D828E8AF742676C5DDBD84C0CED727A82E858F4473612AE5AF260E89712CF89ED17E0808B8F729D2EACB76A2F62C9E89451C477302CC51DDA652BDF82E8B044A67B53E08315D39117E07AF7E9BA35153F71B6851D68FA7E3094D93E67A567DE4A300B7449128217B8EEFD009D081EF328420D7C349A131197103F363AE9B55B403B81CDCE0F654E7BCF',X'2FDFE32133AE2FBC178E6A2936EF0311EBC03DCF788D1356E9DBC6EDDFBC6E81',1795482300.0,'2b9551bd3d80cc0595e92d0ad2549afe0b8b162241935e72289379596d50992b','hjH3Cy4Rtd67sbSlyThyn8qC4HQIJdus',NULL,NULL);
INSERT INTO "challenges" VALUES('bpIP6yubmHn14C18TT32DQ','miyazaki-office-01',X'78AE93215CB4A31D3E6ED73A495DC34A','jpki',X'3082034E30820236A00302010202043BB84EC6300D06092A864886F70D01010B0500308187310B3009060355040613024A5031123010060355040A0C094A504B492D5445535431253023060355040B0C1C4A504B4920666F7220757365722061757468656E7469636174696F6E313D303B060355040B0C344A6170616E204167656E637920666F72204C6F63616C20417574686F7269747920496E666F726D6174696F6E2053797374656D73301E170D3234313132353134353935395A170D3239313132343134353935395A3019310B3009060355040613024A50310A300806035504030C017830820122300D06092A864886F70D01010105000382010F003082010A0282010100C5D0FE96CACEE6059719B96C79E3A1423A8D57AC164E7B21CFDA5AFDD1B56D8E341F5324765E55A5A1E0208CF9FC2E11C101B8791F108F950359F4DD0D8341FF102E1F7AB3406B0EA3207BFB921DF1EC03A58514924E674278A383544C4E6FC6E7F6A1449690CA5D6986DC87A8BA05197B557E51161B279DF18888ECC1FAEA51CFBBDFC66020B35379F23BFE97DCD9C34D4BB78484B6192D59AD860FE011D2D7CC49DDCCA6D97ACD5F3E9AA00F9DA4F6A8461CB12CB2E853EC58A720F04B099A10B15DE66C466BC20AFFBD8B404D3308CF96EFE02D2A36834DAAFEE7021286F426E4A2FC2B81249BA2D736882E8B8BE977C69E29EEEE26C342978FCF723129050203010001A32F302D300E0603551D0F0101FF040403020780301B0603551D200101FF0411300F300D060B2A83088C9B55080501031E300D06092A864886F70D01010B05000382010100A6DC8F9E05881C43DEA709368DBF02D507EFE26808B45CEF62A59D5F8E7FB1244315F9E83C998335F61AD02ABB2658EEF9CF73801C98972F91FDDC4F4DBE350CDA01D423C15E82B6CC8305031134530190CE35ABB48BF4487F78D97029AFA4DAD5F12B84F08EBDD69BBBFBAA987002AE80A0AD87441092518E27C4A0FB8E8A97A45831FD71E85F6F10AB575A72BA2C89F35BB0B434F89BFCE55EE07159F78E07E2CFA9B94272B1ABC13DF508A070D7E5EF3CD1F72AF51898EDC5996A2684FD5D0A2954735F656A8B03F3646EA212595530EA75A901FF98F70A24F8CEBE52AB866B936D6B11FC1A9E2405CF1FCC6972862A9BBA3EAF46D3649C53927BA3410675',X'C0EB3CA23CC01980B84BF9EF9841FB760E89C7C783B42F60D45CF194E6DB3518',1795482300.0,'dd6ec66c1daf16008897a887490a0a50c6dd8f91c10ac7db73458cfd08cf8429','yrSHMznx-WtdThXYo7x5CMOY7OW_SpSV',NULL,NULL);
INSERT INTO "challenges" VALUES('470FCPAeWS7d4VvXhOSQWg','miyazaki-office-01',X'00000000000000000000000000000000','municipal',X'D5B6B82765CC2E22A3288D0CD5CAFDA6CF2FEAB90E6DC5420D5C3A695C3A',X'97326C18E1B48DECE067B3AE99CF8E0D8B926FFB2A517080F4FAFFC91AE8B343',1795482300.0,NULL,NULL,NULL,NULL);
CREATE TABLE claims (
	"key" VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	claim_code VARCHAR NOT NULL, 
	amount_yen INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "claims" VALUES('abababababababababababababababab','miyazaki-store-01','MJYR7CX3',700,'hopper_empty');
INSERT INTO "claims" VALUES('cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','miyazaki-store-01','2CTGMXRL',300,'hopper_empty');
CREATE TABLE collections (
	"key" VARCHAR NOT NULL, 
	place VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	amount_yen INTEGER NOT NULL, 
	PRIMARY KEY ("key", place, number)
);
INSERT INTO "collections" VALUES('abababababababababababababababab','miyazaki-store-01',1,500);
CREATE TABLE copies (
	request_id VARCHAR NOT NULL, 
	copy INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	issue_number VARCHAR NOT NULL, 
	resident_id VARCHAR NOT NULL, 
	fee_yen INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	stamp VARCHAR NOT NULL, 
	document BLOB, 
	PRIMARY KEY (request_id, copy), 
	UNIQUE (issue_number)
);
INSERT INTO "copies" VALUES('d4443509e5d26ac383baea6214682f2b',1,'juminhyo','20261124 宮崎市 TXR3C2 0001','4500015838',300,'issued','d4443509e5d26ac383baea6214682f2b.1.a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788.7acadd61f48e5b568c323a0e865b5a42d8bd6f0d02671d4799827886474f9aad.Ol_F4m9QTt6k_MCTphJZOds7O9PRDHy4pi9ScYumB9Gn2uPxeF20hTrn5ufl4DUJv04Z4PqQwgHWKUR0oK0aBw',NULL);
INSERT INTO "copies" VALUES('d4443509e5d26ac383baea6214682f2b',2,'inkan','20261124 宮崎市 TXR3C2 0002','4500015838',300,'void','d4443509e5d26ac383baea6214682f2b.2.a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788.62820315777560610fa286a637e434490d8b195ec8fd6fb80d25d91d8b5e0802.GUG47Zu_wXBiPIUjHKpUOFoRnybWXY57gynUhrqN2kyHMohFxCIK8YWwPoKhXg8Suemz_7Yt8H9H0yL8a3ZSCw',NULL);
INSERT INTO "copies" VALUES('d4443509e5d26ac383baea6214682f2b',3,'inkan','20261124 宮崎市 TXR3C2 0003','4500015838',300,'reserved','d4443509e5d26ac383baea6214682f2b.3.a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788.235311108858ad09c8468065d28d45af6711d1d358d13e0e20a0f785ed86baf0.kyLP94WGSuq7CFhbFE8QQJu9YZv-hCGt0azed7c-UTrYSGUeguNZhd0pKk7wPoLAri8Pb2cVjcd7-PslcZkcAw',X'7B226B696E64223A2022696E6B616E222C20226F66223A202234353030303135383338222C202277697468223A205B2234353030303037393139222C202234353030303135383338222C202234353030303233373537222C202234353030303331363736225D2C20226E616D6573223A205B225C75356261655C75356430655C75333030305C75353932615C7539306365222C20225C75356261655C75356430655C75333030305C75383262315C7535623530222C20225C75356261655C75356430655C75333030305C75333037665C75333036395C7533303861222C20225C75356261655C75356430655C75333030305C75333063665C7533306562225D2C20226E756D626572223A20223230323631313234205C75356261655C75356430655C7535653032205458523343322030303033222C20226F7074696F6E73223A207B7D2C20227365616C223A202276616C6964227D');
INSERT INTO "copies" VALUES('4a558035a596cc5039cf52ae582dde25',1,'juminhyo','20261124 宮崎市 TA7M35 0001','4500047514',300,'delivered','4a558035a596cc5039cf52ae582dde25.1.201d2901f1f98028a371e087a996890202245eec667045e5b48e749d847aec50.f13e76c8dfe6b3358ceaf4daa3ee3a2737e486244651346d7debad507dcb5485.2WXw9k444TanP5UevmHIyT8EXMx6Ms9_oImCkbH-MjyiEiX4jgmbR96WpHlD4Zt-1hYxh0qIowLNFo_hwISzDQ',X'7B226B696E64223A20226A756D696E68796F222C20226F66223A202234353030303437353134222C202277697468223A205B2234353030303437353134225D2C20226E616D6573223A205B224E475559454E2056414E20414E225D2C20226E756D626572223A20223230323631313234205C75356261655C75356430655C7535653032205441374D33352030303031222C20226F7074696F6E73223A207B2272656C6174696F6E223A205B226F6D6974225D2C2022666F726569676E223A205B226F6D6974225D2C20226D795F6E756D626572223A205B226F6D6974225D7D2C20227365616C223A202276616C6964227D');
CREATE TABLE facts (
	name VARCHAR NOT NULL, 
	value JSON, 
	PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('municipality','{"code": "452017", "prefecture": "\u5bae\u5d0e\u770c", "city": "\u5bae\u5d0e\u5e02", "mayor": "\u6a58\u3000\u967d\u4e00\u90ce", "acting": false, "telephone": "0985-25-2111"}');
INSERT INTO "facts" VALUES('cast','{"taro": "4500007919", "hanako": "4500015838", "midori": "4500023757", "kazuko": "4500039595", "nguyen": "4500047514", "jiro": "4500055433", "sakura": "4500063352", "yoshiko": "4500079190", "saburo": "4500087109", "ichiro": "4500095028", "nagako": "4500158380", "ume": "4500166299", "ito": "4500174218", "aya": "4500182137", "gaiji": "4500190056"}');
INSERT INTO "facts" VALUES('news of miyazaki-store-01','["pin_attack"]');
INSERT INTO "facts" VALUES('version',2);
CREATE TABLE families (
	register_id VARCHAR NOT NULL, 
	packed JSON NOT NULL, 
	PRIMARY KEY (register_id)
);
INSERT INTO "families" VALUES('4520101','{"register_id": "4520101", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "surname": "\u5bae\u5d0e", "surname_kana": "\u30df\u30e4\u30b6\u30ad", "head_given_name": "\u592a\u90ce", "events": [{"title": "\u6238\u7c4d\u7de8\u88fd", "lines": [["\u3010\u7de8\u88fd\u65e5\u3011", "\u5e73\u621021\u5e745\u670820\u65e5"]]}], "members": [{"resident_id": "4500007919", "given_name": "\u592a\u90ce", "kana": "\u30bf\u30ed\u30a6", "born": {"on": "1981-08-29", "written": null}, "father": "\u5bae\u5d0e\u6b63\u9020", "mother": "\u5bae\u5d0e\u30cf\u30eb", "relation": "\u9577\u7537", "spouse": "\u592b", "struck_off": false, "events": [{"title": "\u51fa\u751f", "lines": [["\u3010\u51fa\u751f\u65e5\u3011", "\u662d\u548c56\u5e748\u670829\u65e5"], ["\u3010\u51fa\u751f\u5730\u3011", "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02"], ["\u3010\u5c4a\u51fa\u65e5\u3011", "\u662d\u548c56\u5e749\u67086\u65e5"], ["\u3010\u5c4a\u51fa\u4eba\u3011", "\u7236"]]}, {"title": "\u5a5a\u59fb", "lines": [["\u3010\u5a5a\u59fb\u65e5\u3011", "\u5e73\u621021\u5e745\u670820\u65e5"], ["\u3010\u914d\u5076\u8005\u6c0f\u540d\u3011", "\u65e5\u5357\u82b1\u5b50"], ["\u3010\u5f93\u524d\u6238\u7c4d\u3011", "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730\u3000\u5bae\u5d0e\u6b63\u9020"]]}], "addresses": [{"address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "since": {"on": "2009-06-07", "written": null}}]}, {"resident_id": "4500015838", "given_name": "\u82b1\u5b50", "kana": "\u30cf\u30ca\u30b3", "born": {"on": "1984-02-29", "written": null}, "father": "\u65e5\u5357\u4fdd", "mother": "\u65e5\u5357\u9759\u9999", "relation": "\u4e8c\u5973", "spouse": "\u59bb", "struck_off": false, "events": [{"title": "\u51fa\u751f", "lines": [["\u3010\u51fa\u751f\u65e5\u3011", "\u662d\u548c59\u5e742\u670829\u65e5"], ["\u3010\u51fa\u751f\u5730\u3011", "\u5bae\u5d0e\u770c\u65e5\u5357\u5e02"], ["\u3010\u5c4a\u51fa\u65e5\u3011", "\u662d\u548c59\u5e743\u67088\u65e5"], ["\u3010\u5c4a\u51fa\u4eba\u3011", "\u7236"]]}, {"title": "\u5a5a\u59fb", "lines": [["\u3010\u5a5a\u59fb\u65e5\u3011", "\u5e73\u621021\u5e745\u670820\u65e5"], ["\u3010\u914d\u5076\u8005\u6c0f\u540d\u3011", "\u5bae\u5d0e\u592a\u90ce"], ["\u3010\u5f93\u524d\u6238\u7c4d\u3011", "\u5bae\u5d0e\u770c\u65e5\u5357\u5e02\u98eb\u80a5\u5341\u4e94\u4e01\u76ee8\u756a\u5730\u3000\u65e5\u5357\u4fdd"]]}], "addresses": [{"address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "since": {"on": "2009-06-07", "written": null}}]}, {"resident_id": "4500023757", "given_name": "\u307f\u3069\u308a", "kana": "\u30df\u30c9\u30ea", "born": {"on": "2014-05-04", "written": null}, "father": "\u5bae\u5d0e\u592a\u90ce", "mother": "\u5bae\u5d0e\u82b1\u5b50", "relation": "\u9577\u5973", "spouse": null, "struck_off": false, "events": [{"title": "\u51fa\u751f", "lines": [["\u3010\u51fa\u751f\u65e5\u3011", "\u5e73\u621026\u5e745\u67084\u65e5"], ["\u3010\u51fa\u751f\u5730\u3011", "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02"], ["\u3010\u5c4a\u51fa\u65e5\u3011", "\u5e73\u621026\u5e745\u670812\u65e5"], ["\u3010\u5c4a\u51fa\u4eba\u3011", "\u7236"]]}], "addresses": [{"address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "since": {"on": "2014-05-04", "written": null}}]}]}');
CREATE TABLE family_members (
	resident_id VARCHAR NOT NULL, 
	register_id VARCHAR NOT NULL, 
	PRIMARY KEY (resident_id, register_id)
);
INSERT INTO "family_members" VALUES('4500007919','4520101');
INSERT INTO "family_members" VALUES('4500015838','4520101');
INSERT INTO "family_members" VALUES('4500023757','4520101');
CREATE TABLE flags (
	id INTEGER NOT NULL, 
	at VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "flags" VALUES(1,'2026-11-24T10:00:00+09:00','miyazaki-store-01','two_ends','{"request_id": "d4443509e5d26ac383baea6214682f2b", "copy": 1, "issue_number": "20261124 \u5bae\u5d0e\u5e02 TXR3C2 0001", "stands": "issued", "told": "void"}');
INSERT INTO "flags" VALUES(2,'2026-11-24T10:00:00+09:00','miyazaki-store-01','reported','{"event": "pin_attack"}');
CREATE TABLE holds (
	"key" VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "holds" VALUES('cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd','miyazaki-store-01');
CREATE TABLE households (
	household_id VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	packed JSON NOT NULL, 
	PRIMARY KEY (household_id)
);
INSERT INTO "households" VALUES('45000017',2,'{"household_id": "45000017", "head_id": "4500007919", "address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u6a58\u901a\u897f\u4e5d\u4e01\u76ee14\u756a3\u53f7", "building": null, "member_ids": ["4500007919", "4500015838", "4500023757", "4500031676"]}');
INSERT INTO "households" VALUES('45000051',1,'{"household_id": "45000051", "head_id": "4500047514", "address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u5927\u6dc0\u516b\u4e01\u76ee21\u756a9\u53f7", "building": "\u30e1\u30be\u30f3\u30fb\u30c9\u30fb\u30d5\u30a7\u30cb\u30c3\u30af\u30b9205\u53f7\u5ba4", "member_ids": ["4500047514"]}');
INSERT INTO "households" VALUES('45000221',1,'{"household_id": "45000221", "head_id": "4500190056", "address": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u4e38\u5cf6\u753a95\u756a5\u53f7", "building": null, "member_ids": ["4500190056"]}');
CREATE TABLE machines (
	name VARCHAR NOT NULL, 
	seen_at VARCHAR NOT NULL, 
	journal_seq INTEGER NOT NULL, 
	journal_head VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	reasons JSON NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "machines" VALUES('miyazaki-store-01','2026-11-24T10:00:00+09:00',7,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','IN_SERVICE','["paper_low"]');
CREATE TABLE requests (
	request_id VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	body_sha256 VARCHAR NOT NULL, 
	card_fingerprint VARCHAR NOT NULL, 
	household_id VARCHAR NOT NULL, 
	books_version INTEGER NOT NULL, 
	manifest VARCHAR NOT NULL, 
	signature BLOB NOT NULL, 
	began_at FLOAT NOT NULL, 
	expires_at FLOAT NOT NULL, 
	PRIMARY KEY (request_id)
);
INSERT INTO "requests" VALUES('d4443509e5d26ac383baea6214682f2b','miyazaki-store-01','made','91dc5cedb1df42cec413d33109ea5a69a448c7b66792b548315dc6b8a16275a8','a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788','45000017',1,'{"card_fingerprint":"a9f04418fb0dfe467403d47a3216e1592e36e452c2469844993f9066b23e7788","copies":[{"copy":1,"document_sha256":"7acadd61f48e5b568c323a0e865b5a42d8bd6f0d02671d4799827886474f9aad","fee_yen":300,"issue_number":"20261124 宮崎市 TXR3C2 0001","kind":"juminhyo","options":{"domicile":["omit"],"my_number":["omit"],"relation":["omit"],"scope":["all"]},"pages":1,"size_bytes":427},{"copy":2,"document_sha256":"62820315777560610fa286a637e434490d8b195ec8fd6fb80d25d91d8b5e0802","fee_yen":300,"issue_number":"20261124 宮崎市 TXR3C2 0002","kind":"inkan","options":{},"pages":1,"size_bytes":341},{"copy":3,"document_sha256":"235311108858ad09c8468065d28d45af6711d1d358d13e0e20a0f785ed86baf0","fee_yen":300,"issue_number":"20261124 宮崎市 TXR3C2 0003","kind":"inkan","options":{},"pages":1,"size_bytes":341}],"expires_at":"2026-11-24T01:15:00+00:00","machine":"miyazaki-store-01","request_id":"d4443509e5d26ac383baea6214682f2b","reserved_at":"2026-11-24T01:00:00+00:00","session_nonce":"yTDU9fGXwpZp0t0FXL+0iA=="}',X'C4F72EEB20245DFA12A5837BD962C46DD1681FB489723EBC849D353042C9F398CAB75A925A8467EE88EE038F7B4ABBBA2BF38951A02B85406842B247DFE8F40C',1795482000.0,1795482900.0);
INSERT INTO "requests" VALUES('4a558035a596cc5039cf52ae582dde25','miyazaki-office-01','made','dc47b75fb63bcf79ea71ebaf09967eafd86f171157b6b4744aada5c54399a22e','201d2901f1f98028a371e087a996890202245eec667045e5b48e749d847aec50','45000051',1,'{"card_fingerprint":"201d2901f1f98028a371e087a996890202245eec667045e5b48e749d847aec50","copies":[{"copy":1,"document_sha256":"f13e76c8dfe6b3358ceaf4daa3ee3a2737e486244651346d7debad507dcb5485","fee_yen":300,"issue_number":"20261124 宮崎市 TA7M35 0001","kind":"juminhyo","options":{"foreign":["omit"],"my_number":["omit"],"relation":["omit"]},"pages":1,"size_bytes":241}],"expires_at":"2026-11-24T01:15:00+00:00","machine":"miyazaki-office-01","request_id":"4a558035a596cc5039cf52ae582dde25","reserved_at":"2026-11-24T01:00:00+00:00","session_nonce":"eK6TIVy0ox0+btc6SV3DSg=="}',X'19DD09C4E09E15816101DFCCF64CC228F7038FDB04AFB20E8A95FDE0A12D18C41916DB6CFB60DC777CB25EA9CFA2C87657BC687B968F39E56E57060AB42E9E0D',1795482000.0,1795482900.0);
INSERT INTO "requests" VALUES('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','miyazaki-store-01','dead','','','',0,'',X'',1795482000.0,1795568400.0);
CREATE TABLE residents (
	resident_id VARCHAR NOT NULL, 
	household_id VARCHAR NOT NULL, 
	packed JSON NOT NULL, 
	PRIMARY KEY (resident_id)
);
INSERT INTO "residents" VALUES('4500007919','45000017','{"resident_id": "4500007919", "household_id": "45000017", "name": "\u5bae\u5d0e\u3000\u592a\u90ce", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30bf\u30ed\u30a6", "sex": "\u7537", "born": {"on": "1981-08-29", "written": null}, "relation": "\u4e16\u5e2f\u4e3b", "resident_since": {"on": "2009-04-02", "written": null}, "address_since": {"on": "2009-04-02", "written": null}, "notified_on": {"on": "2009-04-02", "written": null}, "previous_address": "\u798f\u5ca1\u770c\u798f\u5ca1\u5e02\u4e2d\u592e\u533a\u5929\u795e\u4e5d\u4e01\u76ee2\u756a1\u53f7", "my_number": "000423259868", "resident_code": "54047533508", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u592a\u90ce", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO "residents" VALUES('4500023757','45000017','{"resident_id": "4500023757", "household_id": "45000017", "name": "\u5bae\u5d0e\u3000\u307f\u3069\u308a", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30df\u30c9\u30ea", "sex": "\u5973", "born": {"on": "2014-05-04", "written": null}, "relation": "\u5b50", "resident_since": {"on": "2014-05-04", "written": null}, "address_since": {"on": "2014-05-04", "written": null}, "notified_on": {"on": "2014-05-12", "written": null}, "previous_address": null, "my_number": "000276674706", "resident_code": "57669065264", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u592a\u90ce", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO "residents" VALUES('4500031676','45000017','{"resident_id": "4500031676", "household_id": "45000017", "name": "\u5bae\u5d0e\u3000\u30cf\u30eb", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30cf\u30eb", "sex": "\u5973", "born": {"on": "1926-12-25", "written": "\u5927\u6b6315\u5e7412\u670825\u65e5"}, "relation": "\u6bcd", "resident_since": {"on": "1952-11-03", "written": null}, "address_since": {"on": "2018-04-01", "written": null}, "notified_on": null, "previous_address": null, "my_number": "000928354660", "resident_code": "02115614031", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u7530\u91ce\u753a\u753299887\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u6b63\u9020", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO "residents" VALUES('4500047514','45000051','{"resident_id": "4500047514", "household_id": "45000051", "name": "NGUYEN VAN AN", "kana": "\u30b0\u30a8\u30f3\u3000\u30f4\u30a1\u30f3\u3000\u30a2\u30f3", "sex": "\u7537", "born": {"on": "1992-07-14", "written": null}, "relation": "\u4e16\u5e2f\u4e3b", "resident_since": {"on": "2021-04-01", "written": null}, "address_since": {"on": "2021-04-01", "written": null}, "notified_on": {"on": "2021-04-01", "written": null}, "previous_address": "\u798f\u5ca1\u770c\u5317\u4e5d\u5dde\u5e02\u5c0f\u5009\u5317\u533a\u57ce\u5185\u5341\u4e8c\u756a\u57302", "my_number": "000168425813", "resident_code": "93859268549", "domicile": null, "family_head": null, "former_surname": null, "former_surname_kana": null, "foreign": {"nationality": "\u30d9\u30c8\u30ca\u30e0", "category": "\u4e2d\u9577\u671f\u5728\u7559\u8005", "status": "\u6280\u8853\u30fb\u4eba\u6587\u77e5\u8b58\u30fb\u56fd\u969b\u696d\u52d9", "period": "5\u5e74", "until": "2028-03-14", "card_number": "ZZ00000205ZZ", "resident_since": {"on": "2016-10-03", "written": null}, "alias": "\u5bae\u672c\u3000\u5b89", "alias_kana": "\u30df\u30e4\u30e2\u30c8\u3000\u30a2\u30f3", "alias_recorded_on": "2021-04-01", "alias_recorded_at": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02"}, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO "residents" VALUES('4500190056','45000221','{"resident_id": "4500190056", "household_id": "45000221", "name": "\u5ddd\ue000\u3000\u5357", "kana": "\u30ab\u30ef\u30b5\u30ad\u3000\u30df\u30ca\u30df", "sex": "\u5973", "born": {"on": "1966-04-18", "written": null}, "relation": "\u4e16\u5e2f\u4e3b", "resident_since": {"on": "1975-01-10", "written": null}, "address_since": {"on": "1975-01-10", "written": null}, "notified_on": {"on": "1975-01-10", "written": null}, "previous_address": null, "my_number": "000211715243", "resident_code": "26236430071", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u4e38\u5cf6\u753a9990\u756a\u5730", "family_head": "\u5ddd\ue000\u3000\u5357", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
INSERT INTO "residents" VALUES('4500015838','45000017','{"resident_id": "4500015838", "household_id": "45000017", "name": "\u65e5\u5411\u3000\u82b1\u5b50", "kana": "\u30df\u30e4\u30b6\u30ad\u3000\u30cf\u30ca\u30b3", "sex": "\u5973", "born": {"on": "1984-02-29", "written": null}, "relation": "\u59bb", "resident_since": {"on": "2009-06-07", "written": null}, "address_since": {"on": "2009-06-07", "written": null}, "notified_on": {"on": "2009-06-07", "written": null}, "previous_address": "\u9e7f\u5150\u5cf6\u770c\u9e7f\u5150\u5cf6\u5e02\u5c71\u4e0b\u753a\u4e5d\u756a\u57308", "my_number": "000254168050", "resident_code": "46883961483", "domicile": "\u5bae\u5d0e\u770c\u5bae\u5d0e\u5e02\u9752\u5cf6\u897f\u4e03\u4e01\u76ee14\u756a\u5730", "family_head": "\u5bae\u5d0e\u3000\u592a\u90ce", "former_surname": null, "former_surname_kana": null, "foreign": null, "state": "resident", "protected": false, "issue_blocked": false, "ward": false}');
CREATE TABLE seals (
	resident_id VARCHAR NOT NULL, 
	packed JSON NOT NULL, 
	PRIMARY KEY (resident_id)
);
INSERT INTO "seals" VALUES('4500007919','{"resident_id": "4500007919", "registration_number": "100001", "registered_on": "2009-04-10", "letters": "\u5bae\u5d0e\u592a\u90ce", "diameter_mm": 15.0, "seed": 4500007919, "state": "valid"}');
INSERT INTO "seals" VALUES('4500015838','{"resident_id": "4500015838", "registration_number": "100002", "registered_on": "2009-06-15", "letters": "\u5bae\u5d0e", "diameter_mm": 12.0, "seed": 4500015838, "state": "valid"}');
INSERT INTO "seals" VALUES('4500047514','{"resident_id": "4500047514", "registration_number": "100003", "registered_on": "2021-05-06", "letters": "\u5bae\u672c", "diameter_mm": 10.5, "seed": 4500047514, "state": "valid"}');
INSERT INTO "seals" VALUES('4500190056','{"resident_id": "4500190056", "registration_number": "100010", "registered_on": "2010-10-10", "letters": "\u5357", "diameter_mm": 12.0, "seed": 4500190056, "state": "valid"}');
CREATE TABLE serials (
	day VARCHAR NOT NULL, 
	terminal VARCHAR NOT NULL, 
	last INTEGER NOT NULL, 
	PRIMARY KEY (day, terminal)
);
INSERT INTO "serials" VALUES('2026-11-24','TXR3C2',3);
INSERT INTO "serials" VALUES('2026-11-24','TA7M35',1);
CREATE TABLE taxes (
	resident_id VARCHAR NOT NULL, 
	fiscal_year INTEGER NOT NULL, 
	packed JSON NOT NULL, 
	PRIMARY KEY (resident_id, fiscal_year)
);
INSERT INTO "taxes" VALUES('4500007919',2026,'{"resident_id": "4500007919", "fiscal_year": 2026, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 4552000}, "salary_revenue_yen": 6240000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 936000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 450000, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {"\u4e00\u822c\u306e\u6276\u990a": 0, "\u8001\u4eba\u6276\u990a\uff08\u540c\u5c45\uff09": 1}, "taxable_yen": 2680000, "city_income_yen": 159300, "city_flat_yen": 3000, "prefecture_income_yen": 106200, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500007919',2025,'{"resident_id": "4500007919", "fiscal_year": 2025, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 4475200}, "salary_revenue_yen": 6144000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 921000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 450000, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {"\u4e00\u822c\u306e\u6276\u990a": 0, "\u8001\u4eba\u6276\u990a\uff08\u540c\u5c45\uff09": 1}, "taxable_yen": 2618000, "city_income_yen": 155500, "city_flat_yen": 3000, "prefecture_income_yen": 103700, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500007919',2024,'{"resident_id": "4500007919", "fiscal_year": 2024, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 4398400}, "salary_revenue_yen": 6048000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 907000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 450000, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {"\u4e00\u822c\u306e\u6276\u990a": 0, "\u8001\u4eba\u6276\u990a\uff08\u540c\u5c45\uff09": 1}, "taxable_yen": 2555000, "city_income_yen": 151800, "city_flat_yen": 3000, "prefecture_income_yen": 101200, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500015838',2026,'{"resident_id": "4500015838", "fiscal_year": 2026, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 1936000}, "salary_revenue_yen": 2880000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 432000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 0, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1074000, "city_income_yen": 62900, "city_flat_yen": 3000, "prefecture_income_yen": 41900, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500015838',2025,'{"resident_id": "4500015838", "fiscal_year": 2025, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 1868800}, "salary_revenue_yen": 2784000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 417000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 0, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1021000, "city_income_yen": 59700, "city_flat_yen": 3000, "prefecture_income_yen": 39800, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500015838',2024,'{"resident_id": "4500015838", "fiscal_year": 2024, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 1801600}, "salary_revenue_yen": 2688000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 403000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 0, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 968000, "city_income_yen": 56500, "city_flat_yen": 3000, "prefecture_income_yen": 37700, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500047514',2026,'{"resident_id": "4500047514", "fiscal_year": 2026, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 2824000}, "salary_revenue_yen": 4080000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 612000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1726000, "city_income_yen": 102000, "city_flat_yen": 3000, "prefecture_income_yen": 68000, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500047514',2025,'{"resident_id": "4500047514", "fiscal_year": 2025, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 2747200}, "salary_revenue_yen": 3984000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 597000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1664000, "city_income_yen": 98300, "city_flat_yen": 3000, "prefecture_income_yen": 65500, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
INSERT INTO "taxes" VALUES('4500047514',2024,'{"resident_id": "4500047514", "fiscal_year": 2024, "resident_on_1_january": true, "declared": true, "issue_stopped": false, "incomes_yen": {"\u7d66\u4e0e\u6240\u5f97": 2670400}, "salary_revenue_yen": 3888000, "pension_revenue_yen": 0, "deductions_yen": {"\u793e\u4f1a\u4fdd\u967a\u6599\u63a7\u9664": 583000, "\u751f\u547d\u4fdd\u967a\u6599\u63a7\u9664": 56000, "\u6276\u990a\u63a7\u9664": 0, "\u57fa\u790e\u63a7\u9664": 430000}, "dependants": {}, "taxable_yen": 1601000, "city_income_yen": 94500, "city_flat_yen": 3000, "prefecture_income_yen": 63000, "prefecture_flat_yen": 1500, "forest_yen": 1000}');
CREATE INDEX ix_residents_household_id ON residents (household_id);
CREATE INDEX ix_challenges_expires_at ON challenges (expires_at);
CREATE INDEX ix_authentications_expires_at ON authentications (expires_at);
CREATE INDEX ix_requests_expires_at ON requests (expires_at);
CREATE INDEX ix_claims_claim_code ON claims (claim_code);
COMMIT;
