// The front panel. Each part of the page draws itself from the status and sends acts.

import { Link } from "./link.js";
import { Clock } from "./clock.js";
import { Front } from "./front.js";
import { Trays } from "./trays.js";
import { Wallet } from "./wallet.js";
import { Notebook, Switches } from "./back.js";
import { Voice } from "./voice.js";
import { Keypad } from "./keypad.js";
import { Terminal } from "./terminal.js";
import { DEVICE_KINDS } from "./words.js";

const find = (id) => document.getElementById(id);
const act = (name, more) => link.act(name, more);
const parts = [new Front(act), new Trays(act), new Clock(act), new Switches(act), new Notebook()];
const wallet = new Wallet(act);
const voice = new Voice(act);
const canvases = ["screen", "clerk-screen"].map((id) => find(id).getContext("2d"));
const glasses = ["glass", "clerk-glass"].map(find);
let drawing = Promise.resolve();
let hush;

new Keypad(act, { pad: find("keypad"), name: "press", typing: true });
new Terminal({
  button: find("terminal-opener"), box: find("terminal"), screen: find("terminal-screen"), note: find("terminal-note"),
});
new Keypad(act, { pad: find("clerk-keys"), name: "press_clerk", without: "language" });

const link = new Link({
  onOpen() { find("lost").hidden = true; },
  onLost() { find("lost").hidden = false; },
  onWallet({ cards, place, denominations, has_clerk: hasClerk, zoo, ...rest }) {
    voice.fill(rest);
    find("clerk").hidden = !hasClerk;
    find("coin-inlet").hidden = find("cup-change").hidden = find("cup-returned").hidden = hasClerk;
    document.body.classList.toggle("counter", hasClerk);
    wallet.fill(cards);
    find("place").textContent = place;
    find("zoo").hidden = zoo.length === 0;
    find("zoo-devices").replaceChildren(...zoo.map(({ name, kind, what }) => {
      const item = document.createElement("li");
      item.textContent = `${DEVICE_KINDS[kind]}: ${what} (${name})`;
      return item;
    }));
    parts[0].fill(denominations);
  },
  onStatus(status) {
    wallet.show(status);
    voice.show(status);
    for (const part of parts) part.show(status, wallet);
  },
  // Boxes are decoded one after another, so that an older one is never drawn over a newer one.
  onBox(screen, left, top, blob) {
    drawing = drawing.then(async () => {
      const bitmap = await createImageBitmap(blob);
      const { canvas } = canvases[screen];
      const [width, height] = [left + bitmap.width, top + bitmap.height];
      if (width > canvas.width || height > canvas.height) [canvas.width, canvas.height] = [width, height]; // a larger glass
      canvases[screen].drawImage(bitmap, left, top);
      glasses[screen].classList.add("lit");
      document.documentElement.dataset.frames = Number(document.documentElement.dataset.frames ?? 0) + 1;
    }).catch(() => {});
  },
  onRefused(sentence) {
    const place = find("sentence");
    place.textContent = sentence;
    place.hidden = false;
    clearTimeout(hush);
    hush = setTimeout(() => { place.hidden = true; }, 5000);
  },
});

// After a mouse click no control keeps the focus, so that Enter is 確認 again. Keyboard users keep their focus.
document.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest("main button")) find("machine").focus({ preventScroll: true });
});
