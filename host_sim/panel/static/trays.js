// What the machine has given back: sheets, receipts, coins. Each is taken with a click.

import { coin } from "./art.js";
import { both, PAPER } from "./words.js";

const find = (id) => document.getElementById(id);

export class Trays {
  constructor(act) {
    this.act = act;
    this.drawn = {};
    this.reader = find("reader");
    for (const cup of ["change", "returned"]) find(`cup-${cup}`).addEventListener("click", () => act(`take_${cup}`));
    find("reader-take").addEventListener("click", () => { act(this.open.printer === "receipt" ? "take_receipt" : "take_paper"); this.reader.close(); });
    for (const id of ["reader-zoom", "reader-paper"]) find(id).addEventListener("click", () => this.reader.classList.toggle("full"));
    this.reader.addEventListener("click", (event) => { if (event.target === this.reader) this.reader.close(); });
    this.reader.addEventListener("close", () => find("machine").focus({ preventScroll: true }));
  }

  show({ papers, coins }) {
    for (const printer of ["certificate", "receipt"]) {
      const sheets = papers.filter((sheet) => sheet.printer === printer);
      this.once(`sheets-${printer}`, sheets, () => this.stack(printer, sheets));
    }
    for (const cup of ["change", "returned"]) this.once(`bowl-${cup}`, coins[cup], () => this.heap(cup, coins[cup]));
  }

  // Redraw only what changed, so that no sheet is animated twice.
  once(id, data, draw) {
    const key = JSON.stringify(data);
    if (this.drawn[id] === key) return;
    this.drawn[id] = key;
    draw();
  }

  stack(printer, sheets) {
    const place = find(`sheets-${printer}`);
    const old = new Map([...place.querySelectorAll(".sheet")].map((node) => [node.dataset.id, node]));
    place.querySelector(".sheet-count")?.remove();
    for (const [index, sheet] of sheets.entries()) {
      const node = old.get(String(sheet.id)) ?? this.sheet(sheet);
      old.delete(String(sheet.id));
      const lean = ((sheet.id * 37) % 5 - 2) * 0.5;
      node.style.cssText = `z-index:${index + 1};top:${Math.min(index, 6) * 5}px;transform:translateX(-50%) rotate(${lean}deg)`;
      place.append(node);
    }
    for (const node of old.values()) node.remove();
    if (sheets.length > 1) place.insertAdjacentHTML("beforeend", `<span class="sheet-count">${sheets.length}枚</span>`);
  }

  sheet(sheet) {
    const node = document.createElement("button");
    const [ja, en] = PAPER[sheet.printer];
    node.type = "button";
    node.className = "sheet";
    node.dataset.id = sheet.id;
    node.setAttribute("aria-label", `${ja}を見る · Look at the ${en.toLowerCase()}`);
    node.innerHTML = `<img src="/paper/${sheet.id}.png" alt="" width="${sheet.width}" height="${sheet.height}">`;
    node.addEventListener("click", () => this.look(sheet));
    return node;
  }

  look(sheet) {
    this.open = sheet;
    find("reader-title").innerHTML = both(PAPER[sheet.printer]);
    find("reader-paper").src = `/paper/${sheet.id}.png`;
    find("reader-paper").alt = PAPER[sheet.printer].join(" · ");
    this.reader.classList.remove("full");
    this.reader.showModal();
  }

  heap(cup, values) {
    const bowl = find(`bowl-${cup}`), sum = values.reduce((a, b) => a + b, 0);
    bowl.innerHTML = values.slice(-14).map((yen, index) => {
      const left = 5 + ((index * 23) % 46), up = 4 + Math.floor(index / 4) * 13 + ((index * 17) % 7);
      return coin(yen, 1.35).replace("<svg ", `<svg style="left:${left}%;bottom:${up}px;animation-delay:${(index % 6) * 0.05}s" `);
    }).join("") + (values.length ? `<span class="sum">${sum}円</span>` : "");
    const words = { change: ["おつりを取る", "Take the change"], returned: ["返却口の硬貨を取る", "Take the returned coins"] }[cup];
    find(`cup-${cup}`).setAttribute("aria-label", `${words.join(" · ")}: ${sum}円`);
    find(`cup-${cup}`).disabled = values.length === 0;
  }
}
