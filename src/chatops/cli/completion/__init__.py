"""Completion for bash, zsh and fish: a script for each that asks this program, which is where the knowledge is."""
