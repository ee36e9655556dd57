// The socket to the world: receives status (JSON) and screen (PNG boxes), sends acts.

export class Link {
  constructor({ onWallet, onStatus, onBox, onRefused, onOpen, onLost }) {
    Object.assign(this, { onWallet, onStatus, onBox, onRefused, onOpen, onLost });
    this.wait = 250;
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/live`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => { this.wait = 250; this.onOpen(); };
    this.socket.onclose = () => {
      this.onLost();
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, 4000);
    };
    this.socket.onmessage = ({ data }) => typeof data === "string" ? this.told(JSON.parse(data)) : this.shown(data);
  }

  told(message) {
    switch (message.kind) {
      case "wallet": return this.onWallet(message);
      case "status": return this.onStatus(message.status);
      case "refused": return this.onRefused(message.sentence);
    }
  }

  // A box of a screen: which (0 the resident's, 1 the clerk's), left and top (little-endian 16-bit numbers), then a PNG.
  shown(data) {
    const head = new DataView(data);
    const [screen, left, top] = [0, 2, 4].map((at) => head.getUint16(at, true));
    this.onBox(screen, left, top, new Blob([new Uint8Array(data, 6)], { type: "image/png" }));
  }

  act(act, more = {}) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: act, ...more }));
  }
}
