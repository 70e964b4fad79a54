"""An account as people read it: tables, a picture, and the tables that papers and lectures printed."""
