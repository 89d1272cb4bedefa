"""The laws that every cell and every task must pass, for ours and for anybody's own."""
