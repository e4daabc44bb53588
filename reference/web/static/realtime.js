// A small client for Supabase Realtime (Phoenix channels, protocol 1.0.0): one socket, one channel, sending only.

const HEARTBEAT = 25_000; // ms; the server drops a socket that is silent for a minute
const JOIN_DEADLINE = 10_000; // ms
const BACK_OFF = [500, 1_000, 2_000, 5_000, 10_000]; // ms before each further attempt, the last one for ever

export class Channel {
  #url;
  #topic;
  #onState;
  #socket = null;
  #timers = [];
  #ref = 0;
  #joinRef = null;
  #beat = null; // the ref of a heartbeat that was not answered yet
  #joined = false;
  #attempts = 0;
  #waiting = new Map(); // key -> [event, payload]: the newest of each, sent once the channel is joined

  /** `onState` is called with "joined" or "waiting" (not connected, or trying again). */
  constructor(url, anonKey, topic, onState) {
    this.#url = `${url}/websocket?${new URLSearchParams({ apikey: anonKey, vsn: "1.0.0" })}`;
    this.#topic = `realtime:${topic}`;
    this.#onState = onState;
  }

  open() {
    this.#socket = new WebSocket(this.#url);
    this.#socket.onopen = () => this.#join();
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = () => this.#retry();
  }

  /** Broadcast to the others on this channel. While it is not joined, only the newest message of each `key` is kept. */
  broadcast(event, payload, key) {
    if (!this.#joined) {
      this.#waiting.set(key, [event, payload]);
      return;
    }
    this.#push(this.#topic, "broadcast", { type: "broadcast", event, payload });
  }

  #join() {
    this.#timers.push(setTimeout(() => this.#socket.close(), JOIN_DEADLINE), setInterval(() => this.#heartbeat(), HEARTBEAT));
    this.#joinRef = String(this.#ref + 1);
    const config = { broadcast: { ack: false, self: false }, presence: { key: "" }, private: false };
    this.#push(this.#topic, "phx_join", { config });
  }

  #receive({ topic, event, payload, ref }) {
    if (ref !== null && ref === this.#beat) this.#beat = null;
    if (topic !== this.#topic) return;
    if (event === "phx_reply" && ref === this.#joinRef && payload.status === "ok") this.#enter();
    else if ((event === "phx_reply" && payload.status !== "ok") || event === "phx_error" || event === "phx_close") this.#socket.close();
  }

  #enter() {
    clearTimeout(this.#timers.shift());
    this.#joined = true;
    this.#attempts = 0;
    this.#onState("joined");
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [key, [event, payload]] of waiting) this.broadcast(event, payload, key);
  }

  #heartbeat() {
    if (this.#beat !== null) this.#socket.close(); // the last one was never answered: the connection is dead
    else this.#beat = this.#push("phoenix", "heartbeat", {});
  }

  #push(topic, event, payload) {
    const ref = String(++this.#ref);
    this.#socket.send(JSON.stringify({ topic, event, payload, ref, join_ref: this.#joinRef }));
    return ref;
  }

  #retry() {
    this.#timers.splice(0).forEach(clearTimeout);
    this.#joined = false;
    this.#beat = null;
    this.#onState("waiting");
    const wait = BACK_OFF[Math.min(this.#attempts++, BACK_OFF.length - 1)];
    setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2)); // spread, so that a restarted server is not stormed
  }
}
