"""What several families are made of: staged nets, blocks that read like the papers' figures, cells."""
