"""The console: the buffer at work, live on one page, with levers. Development only."""
