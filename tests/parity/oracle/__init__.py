"""The parity language (see ../driver.c) answered by PyTorch."""
