// Judges the code of a certificate on this telephone. What follows # in the address is never sent anywhere; the city is
// asked by the number of the certificate only. Format: host_sim/centre/verify.py.
"use strict";
const TOLD = JSON.parse(document.getElementById("told").textContent);
const at = (id) => document.getElementById(id);
let language = Object.keys(TOLD.texts).find((one) => navigator.language.toLowerCase().startsWith(one.toLowerCase()))
  ?? { zh: "zh-Hans", pt: "pt-BR" }[navigator.language.slice(0, 2)] ?? "ja";
let verdict = null, standing = null, pictureSaid = null, numberSaid = null;
const says = (word) => TOLD.texts[language][word];

// --- the code ------------------------------------------------------------------------------------

class NotOurs extends Error {}

function messageOf(text) {
  const digits = /^[^#]*#([1-9]\d{100,4000})$/.exec(text)?.[1];
  if (!digits) throw new NotOurs();
  const hex = BigInt(digits).toString(16);
  const bytes = Uint8Array.from((hex.length % 2 ? "0" + hex : hex).match(/../g), (pair) => parseInt(pair, 16));
  if (bytes[0] !== 1) throw new NotOurs();
  return bytes.subarray(1);
}

// CBOR (RFC 8949) as far as our codes use it: integers, bytes, text, arrays, maps, one tag.
function cbor(bytes) {
  let i = 0;
  function take(count) {
    if (i + count > bytes.length) throw new NotOurs();
    return bytes.subarray(i, (i += count));
  }
  function length(info) {
    if (info < 24) return info;
    const wide = { 24: 1, 25: 2, 26: 4 }[info];
    if (!wide) throw new NotOurs();
    return take(wide).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  function item(depth) {
    if (depth > 8) throw new NotOurs();
    const first = take(1)[0], count = length(first & 31);
    switch (first >> 5) {
      case 0: return count;
      case 1: return -1 - count;
      case 2: return take(count);
      case 3: return new TextDecoder("utf-8", { fatal: true }).decode(take(count));
      case 4: return Array.from({ length: Math.min(count, bytes.length) }, () => item(depth + 1));
      case 5: {
        const map = new Map();
        for (let n = 0; n < count; n++) { const key = item(depth + 1); map.set(key, item(depth + 1)); }
        return map;
      }
      case 6: return { tag: count, value: item(depth + 1) };
      default: throw new NotOurs();
    }
  }
  const whole = item(0);
  if (i !== bytes.length) throw new NotOurs();
  return whole;
}

function byteString(bytes) {
  const n = bytes.length;
  return [...(n < 24 ? [0x40 + n] : n < 256 ? [0x58, n] : [0x59, n >> 8, n & 255]), ...bytes];
}

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

// Anybody can sign with the sample's key: what is rightly signed is taken only in the shape that verify.py takes.
const whole = (least) => (value) => Number.isSafeInteger(value) && value >= least;
const words = (value) => typeof value === "string" && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);
const SHAPES = { 1: words, 2: words, 3: whole(-Infinity), 4: words, 5: (value) => value instanceof Uint8Array, 6: Array.isArray,
  7: whole(0), 8: words, 9: whole(1), 10: Array.isArray };

function rightly(said) {
  if (!(said instanceof Map)) throw new NotOurs();
  for (const [key, right] of Object.entries(SHAPES)) if (!right(said.get(Number(key)))) throw new NotOurs();
  const [code, codes] = said.get(10), people = said.get(6);
  const pairs = people.every((one) => Array.isArray(one) && one.length === 2 && one.every(words));
  if (!pairs || said.get(7) < people.length || said.get(10).length !== 2) throw new NotOurs();
  if (!whole(1)(code) || !whole(code)(codes) || codes > 99) throw new NotOurs();
  return said;
}

async function judge(text) {
  try {
    const tagged = cbor(messageOf(text));
    if (tagged.tag !== 18 || tagged.value.length !== 4) throw new NotOurs();
    const [head, beside, payload, signature] = tagged.value;
    if (beside?.size !== 0) throw new NotOurs();
    const header = cbor(head);
    if (header.get(1) !== -7) throw new NotOurs();
    const trusted = TOLD.keys[hexOf(header.get(4))];
    if (!trusted) return { finding: "unknown_issuer" };
    const signed = [0x84, 0x6a, ...new TextEncoder().encode("Signature1"), ...byteString(head), 0x40, ...byteString(payload)];
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("raw", bytesOf(trusted.public), curve, false, ["verify"]);
    const right = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, Uint8Array.from(signed));
    if (!right) return { finding: "forged" };
    const said = rightly(cbor(await unpacked(payload)));
    const day = new Date(said.get(3) * 86400000).toISOString().slice(0, 10);
    if (day < trusted.first_day || day > trusted.last_day) return { finding: "forged" };
    const [code, codes] = said.get(10);
    return { finding: trusted.sample ? "sample" : "genuine", number: said.get(1), kind: said.get(2), day,
      people: said.get(6), count: said.get(7), address: said.get(8), pages: said.get(9), code, codes };
  } catch (trouble) {
    if (!(trouble instanceof NotOurs || trouble instanceof TypeError || trouble instanceof RangeError)) console.error(trouble);
    return { finding: "not_ours" };
  }
}

// --- the page --------------------------------------------------------------------------------------

function fields() {
  if (!verdict?.number) return [];
  const rows = [["kind", TOLD.kinds[verdict.kind] ?? verdict.kind], ["number_field", verdict.number],
    ["day", verdict.day.replaceAll("-", ".")]];
  for (const [name, born] of verdict.people) rows.push(["name", name], ["born", born]);
  if (verdict.address) rows.push(["address", verdict.address]);
  rows.push(["pages", String(verdict.pages)]);
  return rows;
}

function say(id, text, bad = false) {
  at(id).hidden = !text;
  at(id).textContent = text ?? "";
  at(id).classList.toggle("bad", bad);
}

// Whether the city signed the PDF of a paper: only of one that counts.
const signedSays = (said) => (said?.standing === "issued" && said.signed ? says(`signed_${said.signed}`) : null);

function show() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-says]")) one.textContent = says(one.dataset.says);
  for (const one of at("languages").children) one.setAttribute("aria-pressed", one.lang === language);
  const finding = verdict?.finding ?? "wait", known = ["genuine", "sample"].includes(finding);
  const ended = known && standing?.standing === "void";
  at("result").className = known && !ended ? finding : finding === "wait" ? "wait" : "bad";
  at("word").textContent = says(ended ? "void_word" : `${finding}_word`);
  at("why").textContent = says(ended ? "standing_void" : finding);
  at("fields").replaceChildren(...fields().flatMap(([label, words]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = says(label);
    dd.textContent = words;
    dd.lang = "ja";
    return [dt, dd];
  }));
  const more = known && verdict.codes > 1;
  say("more", more ? says("more").replace("{code}", verdict.code).replace("{codes}", verdict.codes)
    .replace("{count}", verdict.count) : null);
  at("compare").hidden = !known;
  const told = standing?.standing;
  say("standing", told && says(`standing_${told}`), told === "void" || told === "unknown");
  say("signed", signedSays(standing));
  say("picture-said", pictureSaid && says(pictureSaid));
  say("number-said", numberSaid && [says(`standing_${numberSaid.standing}`), signedSays(numberSaid)].filter(Boolean).join(" "));
  at("speak").hidden = !verdict || !("speechSynthesis" in window);
}

function speak() {
  speechSynthesis.cancel();
  const voice = { ja: "ja-JP", en: "en-US", "zh-Hans": "zh-CN", ko: "ko-KR", vi: "vi-VN", "pt-BR": "pt-BR" }[language];
  const parts = [[`${at("word").textContent}. ${at("why").textContent}`, voice]];
  for (const [label, words] of fields()) parts.push([says(label), voice], [words, "ja-JP"]);
  if (standing) parts.push([`${at("standing").textContent} ${at("signed").textContent}`, voice]);
  for (const [words, lang] of parts) {
    const said = new SpeechSynthesisUtterance(words);
    said.lang = lang;
    speechSynthesis.speak(said);
  }
}

async function asked(number) {
  try {
    const answer = await fetch("verify/number", { method: "POST", body: new URLSearchParams({ number }), credentials: "omit" });
    return answer.status === 429 ? { standing: "often" } : answer.ok ? await answer.json() : { standing: "offline" };
  } catch {
    return { standing: "offline" };
  }
}

async function take(text) {
  const judged = await judge(text);
  verdict = judged;
  standing = null;
  show();
  if (!judged.number) return;
  const said = await asked(judged.number);
  if (verdict === judged) { standing = said; show(); }
}

async function codeIn(file) {
  const bitmap = await createImageBitmap(file);
  if ("BarcodeDetector" in window) {
    const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(bitmap).catch(() => []);
    if (found.length) return found[0].rawValue;
  }
  if (!window.jsQR) return null;
  for (const longest of [1600, 1000, 2400]) {
    const scale = Math.min(3, longest / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width * scale;
    canvas.height = bitmap.height * scale;
    const drawn = canvas.getContext("2d", { willReadFrequently: true });
    drawn.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = drawn.getImageData(0, 0, canvas.width, canvas.height);
    const found = jsQR(data, width, height, { inversionAttempts: "dontInvert" });
    if (found) return found.data;
  }
  return null;
}

at("picture").addEventListener("change", async () => {
  const [file] = at("picture").files;
  if (!file) return;
  pictureSaid = "picture_wait";
  show();
  const text = await codeIn(file).catch(() => null);
  at("picture").value = "";
  pictureSaid = text ? null : "picture_none";
  show();
  if (text) await take(text);
});
at("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  numberSaid = await asked(at("number").value);
  show();
});
at("speak").addEventListener("click", speak);
for (const one of Object.keys(TOLD.texts)) {
  const button = document.createElement("button");
  button.type = "button";
  button.lang = one;
  button.textContent = TOLD.texts[one].language;
  button.addEventListener("click", () => { language = one; show(); });
  at("languages").append(button);
}
const addressed = () => (location.hash.length > 1 ? take(location.href) : show());
window.addEventListener("hashchange", addressed);
addressed();
navigator.serviceWorker?.register("verify-worker.js", { scope: "verify" });
