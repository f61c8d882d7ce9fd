"""Numbers of masks and images, computed one way for the whole house."""
