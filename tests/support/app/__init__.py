"""The app without a browser: pages, the inbox, imports that run in the background. Start at `pages`."""
