"""Run the command line where its command is not on the path: `python -m idgraph`."""

from idgraph.cli import main

if __name__ == "__main__":
    main()
