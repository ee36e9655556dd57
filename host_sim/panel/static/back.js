// For the developer: switches that make faults, and the notebook.

import { both, ofSwitch, safe } from "./words.js";

const find = (id) => document.getElementById(id);

export class Switches {
  constructor(act) {
    this.act = act;
    this.place = find("switches");
    this.nodes = {};
    const power = document.createElement("button");
    power.type = "button";
    power.className = "switch power";
    power.innerHTML = `<i></i><span>${both(["電源を入れ直す", "Power off and on"])}</span>`;
    power.addEventListener("click", () => act("restart"));
    this.power = power;
  }

  show({ switches }) {
    for (const [name, on] of Object.entries(switches)) {
      this.nodes[name] ??= this.make(name);
      this.nodes[name].setAttribute("aria-checked", String(on));
    }
    if (this.place.lastChild !== this.power) this.place.append(this.power);
  }

  make(name) {
    const node = document.createElement("button");
    node.type = "button";
    node.className = "switch";
    node.dataset.name = name;
    node.setAttribute("role", "switch");
    node.innerHTML = `<i></i><span>${both(ofSwitch(name))}</span>`;
    node.addEventListener("click", () => this.act("switch", { name, on: node.getAttribute("aria-checked") !== "true" }));
    this.place.append(node);
    return node;
  }
}

export class Notebook {
  constructor() {
    this.drawn = {};
  }

  show({ machine, running, journal, frames }) {
    const facts = {
      state: machine.state, scene: machine.scene, availability: machine.availability,
      reasons: (machine.reasons ?? []).join(" ") || null, session: machine.session,
      down: Object.entries(running).filter(([, up]) => !up).map(([name]) => name).join(" ") || null,
    };
    find("facts").innerHTML = Object.entries(facts).filter(([, value]) => value != null && value !== "")
      .map(([name, value]) => `<div><dt>${name}</dt><dd>${safe(value)}</dd></div>`).join("");
    this.lines("journal", journal, (line) => `<li>${safe(line)}</li>`);
    this.lines("frames", frames, ({ line, from, text }) => `<li class="from-${from}">${safe(line.padEnd(8))}${from === "host" ? "→" : "←"} ${safe(text)}</li>`);
  }

  lines(id, entries, draw) {
    const key = JSON.stringify(entries);
    if (this.drawn[id] === key) return;
    this.drawn[id] = key;
    const place = find(id), atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 12;
    place.innerHTML = entries.map(draw).join("") || `<li class="empty">まだありません · nothing yet</li>`;
    if (atEnd) place.scrollTop = place.scrollHeight;
  }
}
