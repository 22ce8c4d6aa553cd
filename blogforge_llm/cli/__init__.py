"""The blogforge command: main.py is its table of contents, the other files a verb or noun each."""
