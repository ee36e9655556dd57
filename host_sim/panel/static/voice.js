// The loudspeaker: plays what the machine plays, shows its words, and puts an earphone in.

import { both } from "./words.js";

const find = (id) => document.getElementById(id);

export class Voice {
  constructor(act) {
    this.audio = new Audio();
    this.name = null; // of the sound that was begun last
    this.button = find("earphone");
    this.button.innerHTML = `<i></i><span>${both(["イヤホン", "Earphone"])}</span>`;
    // The first click on the page also lets the browser play sounds.
    this.button.addEventListener("click", () => act("plug_earphone", { on: this.button.getAttribute("aria-checked") !== "true" }));
  }

  fill({ has_speaker: hasSpeaker, has_voices: hasVoices }) {
    find("voice").hidden = !hasSpeaker;
    find("no-voices").hidden = hasVoices;
  }

  show({ sound, earphone }) {
    if (!earphone && this.button.getAttribute("aria-checked") === "true") this.audio.pause(); // as the machine does
    this.button.setAttribute("aria-checked", String(earphone));
    const before = this.name;
    if (!sound || sound.name === before) return;
    this.name = sound.name;
    find("said").textContent = sound.words;
    this.audio.pause();
    if (before === null && !sound.sounding) return; // the page was opened after it had ended
    this.audio.src = `/sound/${sound.name}`;
    this.audio.play().catch(() => {}); // refused before the first click on the page; the words are shown anyway
  }
}
