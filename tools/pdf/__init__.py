"""The whole book as one tagged PDF (`make pdf`): `assemble` joins the built pages, `reader` reads what came out."""
