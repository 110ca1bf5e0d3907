"""What was handed in, looked at by its receiver: every zip is taken for hostile."""
