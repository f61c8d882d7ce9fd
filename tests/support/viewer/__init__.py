"""The app that the viewer's tests open, and its small volumes."""
