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

  // A box of the screen: left and top (two little-endian 16-bit numbers), then a PNG.
  shown(data) {
    const head = new DataView(data);
    this.onBox(head.getUint16(0, true), head.getUint16(2, true), new Blob([new Uint8Array(data, 4)], { type: "image/png" }));
  }

  act(act, more = {}) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: act, ...more }));
  }
}
