"""The console: one page that shows the buffer live, with controls to load it and to inject faults. Development only."""
