"""The commands of `postflight`, one module each; `cli` loads a module only when its command is used."""
