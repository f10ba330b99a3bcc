#!/bin/sh
# A device without a terminal: prints a prompt, reads a line, answers. For `connections.cli.command`.
name=$1
executed=0
printf '%s#' "$name"
while IFS= read -r line; do
  executed=$((executed + 1))
  case $line in
    terminal*) ;;
    exit) exit 0 ;;
    'show big') head -c 11534336 /dev/zero | tr '\0' 'x'; printf '\n' ;;
    'show slowly') sleep 0.5; printf '%s said it slowly\n' "$name" ;;
    show*) printf '%s said %s\n' "$name" "$executed" ;;
    *) printf '%% Invalid input detected\n' ;;
  esac
  printf '%s#' "$name"
done
