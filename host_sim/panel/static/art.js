// Coins and cards, drawn.

import { CARD_KINDS, safe } from "./words.js";

// diameter in millimetres, metal (light, mid, dark), ink
const METAL = {
  10: [23.5, "#e0a876", "#b87440", "#8a4f24", "#5a2f10"],
  50: [21, "#f3f4f2", "#c9cdca", "#8d9490", "#4d5551"],
  100: [22.6, "#f3f4f2", "#c9cdca", "#8d9490", "#4d5551"],
  500: [26.5, "#f2dfa6", "#cfae5c", "#94742a", "#54400e"],
};
const OTHER = [24, "#d9d3d8", "#a79fa8", "#6d646f", "#3c343e"];

let serial = 0;

/** One coin as SVG text; `scale` is pixels per millimetre. A value that is no Japanese coin is drawn as a token. */
export function coin(yen, scale = 1.9) {
  const [diameter, light, mid, dark, ink] = METAL[yen] ?? OTHER;
  const size = diameter * scale, id = `metal${serial += 1}`;
  const face = yen === 50
    ? `<circle cx="50" cy="50" r="10" fill="#6f7572"/><circle cx="50" cy="50" r="12.5" fill="none" stroke="${dark}" stroke-width="1.6"/>
       <text x="50" y="30" text-anchor="middle" font-size="20">50</text><text x="50" y="86" text-anchor="middle" font-size="11">平成</text>`
    : `<text x="50" y="${yen === 10 ? 63 : 62}" text-anchor="middle" font-size="${yen === 10 ? 38 : 33}">${METAL[yen] ? yen : "?"}</text>`;
  const core = yen === 500
    ? `<circle cx="50" cy="50" r="34" fill="#d7d9d6"/><circle cx="50" cy="50" r="34" fill="none" stroke="#8d8f8c" stroke-width="1.4"/>` : "";
  const wreath = yen === 10
    ? `<path d="M22 66a32 32 0 0 0 56 0" fill="none" stroke="${dark}" stroke-width="3" stroke-dasharray="4 2.5"/>` : "";
  return `<svg width="${size.toFixed(0)}" height="${size.toFixed(0)}" viewBox="0 0 100 100" aria-hidden="true">
    <defs><radialGradient id="${id}" cx=".36" cy=".28" r=".85"><stop offset="0" stop-color="${light}"/><stop offset=".6" stop-color="${mid}"/><stop offset="1" stop-color="${dark}"/></radialGradient></defs>
    <circle cx="50" cy="50" r="49" fill="url(#${id})"/><circle cx="50" cy="50" r="44.5" fill="none" stroke="${dark}" stroke-opacity=".55" stroke-width="1.6"/>
    ${core}${wreath}<g fill="${ink}" font-family="BIZ UDPGothic, Hiragino Sans, sans-serif" font-weight="700">${face}</g></svg>`;
}

/** One card as HTML text, in the look of its kind. */
export function card(entry) {
  const [kind, hue] = CARD_KINDS[entry.kind] ?? CARD_KINDS.unknown;
  return `<span class="card" style="--hue:${hue}" data-kind="${safe(entry.kind)}" data-trouble="${safe(entry.trouble ?? "")}">
    <span class="kind">${kind}</span><span class="chip"></span>
    <span class="holder">${safe(entry.holder_name ?? "")}</span>
    <span class="mark">宮崎市</span>${entry.pin ? `<span class="pin">PIN ${safe(entry.pin)}</span>` : ""}</span>`;
}
