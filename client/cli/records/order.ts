/** Returns records with those that count now before the others, each part in the order it had. */
export const activeFirst = <Kind>(found: readonly Kind[], isActive: (each: Kind) => boolean): Kind[] => [
  ...found.filter(isActive),
  ...found.filter((each) => !isActive(each)),
]
