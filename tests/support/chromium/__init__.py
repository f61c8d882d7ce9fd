"""A real browser: start a server, open headless Chromium, wait until a page is drawn. Start at `browser`."""
