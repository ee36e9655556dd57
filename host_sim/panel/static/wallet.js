// The wallet: every card of the simulator, with its PIN and what is wrong with it.

import { card } from "./art.js";
import { both, CARD_TROUBLES, safe } from "./words.js";

const DRAGGED = "application/x-kofuki-card";

export class Wallet {
  constructor(act) {
    this.act = act;
    this.place = document.getElementById("wallet");
    this.slot = document.getElementById("card-slot");
    this.inside = null;
    this.slot.addEventListener("click", () => {
      if (this.inside) act("remove_card");
      else this.place.querySelector(".holding")?.focus();
    });
    const inlet = document.getElementById("card-inlet");
    inlet.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      this.slot.classList.add("over");
    });
    inlet.addEventListener("dragleave", () => this.slot.classList.remove("over"));
    inlet.addEventListener("drop", (event) => {
      this.slot.classList.remove("over");
      const name = event.dataTransfer.getData(DRAGGED);
      if (name) { event.preventDefault(); act("insert_card", { name }); }
    });
  }

  fill(cards) {
    this.cards = Object.fromEntries(cards.map((entry) => [entry.name, entry]));
    this.place.replaceChildren(...cards.map((entry) => this.holding(entry)));
  }

  holding(entry) {
    const button = document.createElement("button");
    const trouble = CARD_TROUBLES[entry.trouble];
    button.type = "button";
    button.className = "holding";
    button.draggable = true;
    button.dataset.name = entry.name;
    button.title = entry.about;
    button.setAttribute("aria-pressed", "false");
    button.innerHTML = `${card(entry)}<span class="about"><b>${safe(entry.name)}</b> ${trouble ? `<span class="trouble">${both(trouble)}</span>` : ""}</span>`;
    button.addEventListener("click", () => this.act(...(this.inside === entry.name ? ["remove_card"] : ["insert_card", { name: entry.name }])));
    button.addEventListener("dragstart", (event) => event.dataTransfer.setData(DRAGGED, entry.name));
    return button;
  }

  show({ card: inside }) {
    this.inside = inside;
    for (const button of this.place.children) button.setAttribute("aria-pressed", String(button.dataset.name === inside));
    this.slot.classList.toggle("full", Boolean(inside));
    this.slot.setAttribute("aria-label", inside ? `カードを抜く · Pull out the card ${inside}` : "カード挿入口 · Card slot (choose a card from the wallet)");
    if (inside && this.cards?.[inside]) document.getElementById("card-in").innerHTML = card(this.cards[inside]);
  }
}
