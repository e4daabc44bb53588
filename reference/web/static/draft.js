// The text being written: published to the preview and saved, shortly after each pause in typing.

import { api } from "./api.js";

const DEBOUNCE = 150; // ms
const KEEPALIVE_LIMIT = 60_000; // characters; browsers refuse larger bodies that outlive their page

export class Draft {
  #url;
  #read;
  #publish;
  #onState;
  #saved;
  #newest;
  #timer = null;
  #saving = null;

  /**
   * `read()` gives the text as it is now, `publish(text)` sends it to the preview, and `onState` is called with "saving",
   * "changed", "saved", or "failed" and the error.
   */
  constructor(url, text, { read, publish, onState }) {
    this.#url = url;
    this.#saved = this.#newest = text;
    this.#read = read;
    this.#publish = publish;
    this.#onState = onState;
  }

  /** The text changed. */
  touch() {
    this.#onState("changed");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), DEBOUNCE);
  }

  /** Publish and save now. Resolves when the newest text is stored, or when that failed. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const text = this.#read();
    if (text !== this.#newest) {
      this.#newest = text;
      this.#publish(text);
    }
    this.#saving ??= this.#save().finally(() => (this.#saving = null));
    return this.#saving;
  }

  /** One PUT at a time, and always of the newest text: an older one never overtakes it. */
  async #save() {
    try {
      while (this.#newest !== this.#saved) {
        const text = this.#newest;
        this.#onState("saving");
        await api("PUT", this.#url, { content: text }, { keepalive: text.length < KEEPALIVE_LIMIT });
        this.#saved = text;
      }
      this.#onState("saved");
    } catch (error) {
      this.#onState("failed", error);
    }
  }
}
