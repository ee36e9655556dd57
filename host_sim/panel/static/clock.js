// The machine's wall clock, always Asia/Tokyo; it runs on between two statuses.

import { both, PRESETS, WEEKDAYS } from "./words.js";

const find = (id) => document.getElementById(id);
const two = (n) => String(n).padStart(2, "0");

export class Clock {
  constructor(act) {
    this.act = act;
    this.ahead = null; // the machine's clock minus this browser's, in milliseconds, both as if UTC
    for (const [name, ...words] of PRESETS) {
      const button = document.createElement("button");
      button.type = "button";
      button.innerHTML = both(words);
      button.addEventListener("click", () => act("set_clock", { to: name }));
      find("presets").append(button);
    }
    find("clock-form").addEventListener("submit", (event) => {
      event.preventDefault();
      act("set_clock", { to: find("clock-input").value });
      find("clock-input").blur();
    });
    setInterval(() => this.tick(), 500);
  }

  show({ clock }) {
    this.ahead = Date.parse(`${clock.now}Z`) - Date.now();
    this.tick();
  }

  tick() {
    if (this.ahead === null) return;
    const now = new Date(Date.now() + this.ahead);
    const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate()];
    find("clock-date").textContent = `${year}年${month}月${day}日（${WEEKDAYS[now.getUTCDay()]}）`;
    find("clock-time").textContent = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`;
    if (!find("clock-input").value) find("clock-input").value = now.toISOString().slice(0, 16);
  }
}
