import { type Command, flags, UsageError } from './options.ts'

/** What completion and help know of a command. */
export interface Known {
  name: string
  /** What follows the name: `PATIENT`. */
  takes: string
  summary: string
}

const options = Object.keys(flags).map((flag) => `--${flag}`)

const takesFile = (commands: readonly Known[]): string =>
  commands
    .filter(({ takes }) => takes.startsWith('FILE'))
    .map(({ name }) => name)
    .join('|')

const names = (commands: readonly Known[]): string => commands.map(({ name }) => name).join(' ')

const shells: Readonly<Record<string, (commands: readonly Known[]) => string>> = {
  bash: (commands) => `_pilotlight() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "${options.join(' ')}" -- "$word")); return; fi
  if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W "${names(commands)}" -- "$word")); return; fi
  case "\${COMP_WORDS[1]}" in
    ${takesFile(commands)}) COMPREPLY=($(compgen -f -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W "${Object.keys(shells).join(' ')}" -- "$word")) ;;
  esac
}
complete -F _pilotlight pilotlight`,
  zsh: (commands) => `#compdef pilotlight
_pilotlight() {
  local -a commands=(
${commands.map(({ name, summary }) => `    '${name}:${summary.replaceAll("'", '’')}'`).join('\n')}
  )
  if [[ $words[CURRENT] == -* ]]; then compadd -- ${options.join(' ')}; return; fi
  if ((CURRENT == 2)); then _describe command commands; return; fi
  case $words[2] in
    ${takesFile(commands)}) _files ;;
    completion) compadd ${Object.keys(shells).join(' ')} ;;
  esac
}
compdef _pilotlight pilotlight`,
  fish: (commands) =>
    [
      'complete -c pilotlight -f',
      ...commands.map(
        ({ name, summary }) =>
          `complete -c pilotlight -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", '’')}'`,
      ),
      `complete -c pilotlight -n '__fish_seen_subcommand_from ${takesFile(commands).replaceAll('|', ' ')}' -F`,
      `complete -c pilotlight -n '__fish_seen_subcommand_from completion' -a '${Object.keys(shells).join(' ')}'`,
      ...Object.keys(flags).map((flag) => `complete -c pilotlight -l ${flag}`),
    ].join('\n'),
}

/** Returns the script that lets a shell complete commands, options and files. */
export const completion = ({ words }: Command, commands: readonly Known[]): string => {
  const script = shells[words[0] ?? '']
  if (!script)
    throw new UsageError(
      `Name the shell: \`pilotlight completion ${Object.keys(shells).join('|')}\`; in bash, \`source <(pilotlight completion bash)\`.`,
    )
  return script(commands)
}
