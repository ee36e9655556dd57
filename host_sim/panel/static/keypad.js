// The keys of one side, by mouse; those of the resident by the computer's keyboard, too.

import { KEYBOARD, KEYS } from "./words.js";

export class Keypad {
  constructor(act, { pad, name, typing = false, without = "" }) {
    Object.assign(this, { act, pad, name });
    for (const [key, ja, en] of KEYS) {
      const cap = document.createElement("button");
      cap.type = "button";
      cap.className = "key";
      cap.dataset.key = key;
      cap.style.visibility = key === without ? "hidden" : "";
      cap.innerHTML = en ? `${ja}<small>${en}</small>` : ja;
      cap.setAttribute("aria-label", en ? `${ja} ${en}` : ja);
      if (en) cap.dataset.word = "";
      this.pad.append(cap);
    }
    this.pad.addEventListener("click", (event) => {
      const cap = event.target.closest(".key");
      if (cap) this.tap(cap.dataset.key);
    });
    if (typing) document.addEventListener("keydown", (event) => this.typed(event));
  }

  tap(key) {
    this.act(this.name, { key });
    const cap = this.pad.querySelector(`[data-key="${key}"]`);
    cap.classList.add("down");
    setTimeout(() => cap.classList.remove("down"), 110);
  }

  // A focused control keeps Enter and the arrows. Digits go to the machine, except while a date is typed.
  typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (document.querySelector("dialog[open]") || event.target.closest("input, textarea")) return;
    const key = /^[0-9]$/.test(event.key) ? event.key : KEYBOARD[event.key];
    if (!key) return;
    const focused = event.target.closest("button, summary, a, [tabindex='0']");
    if (focused && ["Enter", "ArrowUp", "ArrowDown", "PageUp", "PageDown"].includes(event.key)) return;
    event.preventDefault();
    this.tap(key);
  }
}
