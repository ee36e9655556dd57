// Lamps, amounts and the coin slot of the machine's front.

import { coin } from "./art.js";
import { both, LAMP } from "./words.js";

const find = (id) => document.getElementById(id);
const TAKE_CARD = new Set(["taking_card", "taking_card_alarm", "returning_card", "sorry_card_in"]);
const DRAGGED = "application/x-kofuki-coin";

export class Front {
  constructor(act) {
    this.act = act;
    const inlet = find("coin-inlet");
    inlet.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes(DRAGGED)) return;
      event.preventDefault();
      inlet.classList.add("over");
    });
    inlet.addEventListener("dragleave", () => inlet.classList.remove("over"));
    inlet.addEventListener("drop", (event) => {
      inlet.classList.remove("over");
      const yen = event.dataTransfer.getData(DRAGGED);
      if (yen) { event.preventDefault(); act("drop_coin", { yen: Number(yen) }); }
    });
  }

  fill(denominations) {
    find("purse").replaceChildren(...denominations.map((yen) => this.coin(yen)), this.token());
  }

  coin(yen) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "coin";
    button.draggable = true;
    button.dataset.yen = yen;
    button.innerHTML = coin(yen, 2);
    button.setAttribute("aria-label", `${yen}円を入れる · Drop ${yen} yen`);
    button.addEventListener("click", () => { this.act("drop_coin", { yen }); this.fly(button); });
    button.addEventListener("dragstart", (event) => event.dataTransfer.setData(DRAGGED, String(yen)));
    return button;
  }

  // A foreign coin: the machine must return it.
  token() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "coin odd";
    button.innerHTML = both(["外国の硬貨", "a foreign coin"]);
    button.addEventListener("click", () => this.act("drop_coin", { yen: 0 }));
    return button;
  }

  fly(button) {
    const from = button.getBoundingClientRect(), to = find("coin-slot").getBoundingClientRect();
    const ghost = document.createElement("span");
    ghost.className = "flying";
    ghost.innerHTML = button.innerHTML;
    ghost.style.cssText = `left:${from.left}px;top:${from.top}px`;
    document.body.append(ghost);
    requestAnimationFrame(() => {
      const across = to.left + to.width / 2 - from.left - from.width / 2, down = to.top + to.height / 2 - from.top - from.height / 2;
      ghost.style.transform = `translate(${across}px, ${down}px) scaleX(.12)`;
      ghost.style.opacity = "0";
    });
    setTimeout(() => ghost.remove(), 500);
  }

  show({ machine, card, coins, lamps, running }) {
    const lit = running.firmware ? (machine.availability ?? "starting").toLowerCase() : "off";
    const state = (machine.state ?? "").toLowerCase();
    find("lamp").dataset.lit = lit;
    find("lamp-word").innerHTML = both(LAMP[lit] ?? LAMP.off);
    if (!running.firmware) find("glass").classList.remove("lit");
    find("screen").setAttribute("aria-label", `画面 · The machine's screen: ${machine.scene ?? "dark"}`);
    find("card-lamp").className = `led ${card ? (TAKE_CARD.has(state) ? "take" : "hold") : state === "idle" && lit === "in_service" ? "go" : ""}`;
    find("card-hint").innerHTML = card ? both(["押すと抜けます", "click to pull it out"]) : both(["財布から1枚どうぞ", "choose a card"]);
    find("coin-lamp").className = `led ${coins.slot_open ? "go" : lamps?.["slot lamp"] ? "lit" : ""}`;
    find("paper-lamp").hidden = !lamps;
    find("paper-lamp").className = `led ${lamps?.["paper lamp"] ? "lit" : ""}`;
    find("buzzer").hidden = !lamps?.buzzer;
    find("coin-slot").classList.toggle("open", coins.slot_open);
    const fee = machine.fee_yen, inserted = machine.inserted_yen;
    find("amount").innerHTML = coins.slot_open && fee != null
      ? `<span>料金 <b>${fee}</b>円</span><span>投入 <b>${inserted ?? 0}</b>円</span>`
      : `<span>${both(coins.slot_open ? ["開いています", "open"] : ["閉じています", "closed"])}</span>`;
  }
}
