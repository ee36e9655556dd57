// The maintenance line's terminal: xterm.js is loaded when it is opened for the first time.

const COLUMNS = 80, ROWS = 24, LETTER = 0.605; // width of a letter, as a part of its height
const IN_USE = 4001; // host_sim/panel/terminal_line.py

export class Terminal {
  constructor({ button, box, screen, note }) {
    Object.assign(this, { button, box, screen, note });
    this.button.addEventListener("click", () => this.box.hidden ? this.open() : this.close());
    this.box.querySelector("[data-close]").addEventListener("click", () => this.close());
    this.box.querySelector("[data-again]").addEventListener("click", () => { this.hangUp(); this.connect(); });
    addEventListener("resize", () => this.fit());
    if (sessionStorage.getItem("terminal") === "open") this.open();
  }

  async open() {
    this.show(true);
    try {
      await this.load();
    } catch {
      return this.say("端末の部品がありません。make setup を実行してください。", "The terminal is not installed: run make setup.");
    }
    this.fit();
    this.connect();
  }

  close() {
    this.show(false);
    this.hangUp();
    this.button.focus();
  }

  show(open) {
    this.box.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    sessionStorage.setItem("terminal", open ? "open" : "");
  }

  async load() {
    if (this.term) return;
    const { Terminal: Xterm } = await import("/xterm/lib/xterm.mjs");
    const theme = { background: "#14201e", foreground: "#dfe9e6", cursor: "#7fd6c8", selectionBackground: "#2c5a53" };
    this.term = new Xterm({
      cols: COLUMNS, rows: ROWS, theme, cursorBlink: false, scrollback: 2000, screenReaderMode: true,
      fontFamily: 'ui-monospace, "DejaVu Sans Mono", "BIZ UDGothic", monospace',
    });
    this.term.open(this.screen);
    this.term.onData((text) => { if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text); });
  }

  fit() {
    if (!this.term || this.box.hidden) return;
    const letters = Math.floor((this.screen.clientWidth - 20) / COLUMNS / LETTER);
    this.term.options.fontSize = Math.max(8, Math.min(14, letters));
  }

  // A page that is loaded again may come before the server has seen that it went: it tries a few times.
  connect(tries = 4) {
    this.term.reset();
    this.say();
    const socket = this.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/terminal`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.term.focus();
    socket.onmessage = ({ data }) => this.term.write(new Uint8Array(data));
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.socket) return;
      if (code === IN_USE && tries > 1) setTimeout(() => socket === this.socket && this.connect(tries - 1), 250);
      else if (code === IN_USE) this.say("ほかの端末が開いているか、この機械に保守の回線がありません。", reason);
      else this.say("回線が切れました。", "The line is gone.");
    };
  }

  hangUp() {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  // A sentence in place of the line, with a button to try again; none: the line is there.
  say(ja = "", en = "") {
    this.note.hidden = !ja;
    const [words] = this.note.children;
    words.replaceChildren(ja, Object.assign(document.createElement("span"), { lang: "en", textContent: ` ${en}` }));
  }
}
