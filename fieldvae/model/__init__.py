"""The conditional variational autoencoder and the parts it is built from."""
