import type { Coding } from 'fhir/r4.js'
import { icd10, rxnorm, snomed } from './codes.ts'

/** A medicine as prescribed. */
export interface Medicine {
  code: Coding
  directions: string
  /** Units per dose and doses per day. */
  dose: number
  unit: string
  timesDaily: number
}

const medicine = (
  code: Coding,
  directions: string,
  [dose, unit, timesDaily]: readonly [number, string, number],
): Medicine => ({ code, directions, dose, unit, timesDaily })

const tablet = (times: number): readonly [number, string, number] => [1, 'tablet', times]

/** A lasting disease: its frequency by age, its codes and its prescriptions. */
export interface Disease {
  codes: readonly [Coding, Coding]
  /** The share of people with the disease at an age, ages in years. */
  share: number
  onset: readonly [earliest: number, latest: number]
  medicines: readonly Medicine[]
}

export const diseases = {
  hypertension: {
    codes: [
      snomed('38341003', 'Hypertensive disorder, systemic arterial (disorder)'),
      icd10('I10', 'Essential (primary) hypertension'),
    ],
    share: 0.45,
    onset: [35, 70],
    medicines: [
      medicine(rxnorm('314076', 'lisinopril 10 MG Oral Tablet'), 'Take one tablet every morning', tablet(1)),
      medicine(rxnorm('197361', 'amlodipine 5 MG Oral Tablet'), 'Take one tablet every evening', tablet(1)),
    ],
  },
  diabetes: {
    codes: [
      snomed('44054006', 'Diabetes mellitus type 2 (disorder)'),
      icd10('E11.9', 'Type 2 diabetes mellitus without complications'),
    ],
    share: 0.16,
    onset: [38, 70],
    medicines: [
      medicine(
        rxnorm('860975', '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet'),
        'Take one tablet twice a day with meals',
        tablet(2),
      ),
    ],
  },
  hyperlipidemia: {
    codes: [snomed('55822004', 'Hyperlipidemia (disorder)'), icd10('E78.5', 'Hyperlipidemia, unspecified')],
    share: 0.3,
    onset: [35, 65],
    medicines: [
      medicine(rxnorm('312961', 'simvastatin 20 MG Oral Tablet'), 'Take one tablet at bedtime', tablet(1)),
    ],
  },
  obesity: {
    codes: [snomed('414916001', 'Obesity (disorder)'), icd10('E66.9', 'Obesity, unspecified')],
    share: 0.28,
    onset: [16, 50],
    medicines: [],
  },
  asthma: {
    codes: [snomed('195967001', 'Asthma (disorder)'), icd10('J45.909', 'Unspecified asthma, uncomplicated')],
    share: 0.1,
    onset: [3, 30],
    medicines: [
      medicine(
        rxnorm('745679', '200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler'),
        'Inhale two puffs as needed for shortness of breath',
        [2, 'puff', 4],
      ),
      medicine(
        rxnorm('895994', '120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler'),
        'Inhale one puff twice a day',
        [1, 'puff', 2],
      ),
    ],
  },
} as const satisfies Record<string, Disease>

export type DiseaseName = keyof typeof diseases

export const diseaseNames = Object.keys(diseases) as readonly DiseaseName[]

/** A passing illness: its effect on the vital signs, its length, and its treatment. */
export interface Illness {
  codes: readonly [Coding, Coding]
  fever: number
  oxygen: number
  days: readonly [least: number, most: number]
  ages: readonly [from: number, to: number]
  medicine?: Medicine
}

const acetaminophen = medicine(
  rxnorm('313782', 'acetaminophen 325 MG Oral Tablet'),
  'Take one tablet every six hours as needed for fever or pain',
  tablet(4),
)

const amoxicillin = medicine(
  rxnorm('308182', 'amoxicillin 250 MG Oral Capsule'),
  'Take one capsule three times a day for ten days',
  [1, 'capsule', 3],
)

export const illnesses: readonly Illness[] = [
  {
    codes: [
      snomed('444814009', 'Viral sinusitis (disorder)'),
      icd10('J01.90', 'Acute sinusitis, unspecified'),
    ],
    fever: 0.9,
    oxygen: 0,
    days: [9, 21],
    ages: [6, 120],
  },
  {
    codes: [
      snomed('195662009', 'Acute viral pharyngitis (disorder)'),
      icd10('J02.9', 'Acute pharyngitis, unspecified'),
    ],
    fever: 1.2,
    oxygen: 0,
    days: [5, 12],
    ages: [3, 120],
  },
  {
    codes: [
      snomed('10509002', 'Acute bronchitis (disorder)'),
      icd10('J20.9', 'Acute bronchitis, unspecified'),
    ],
    fever: 1.4,
    oxygen: -3,
    days: [8, 20],
    ages: [12, 120],
    medicine: acetaminophen,
  },
  {
    codes: [snomed('65363002', 'Otitis media (disorder)'), icd10('H66.90', 'Otitis media, unspecified')],
    fever: 1.9,
    oxygen: 0,
    days: [7, 14],
    ages: [0, 10],
    medicine: amoxicillin,
  },
  {
    codes: [
      snomed('43878008', 'Streptococcal sore throat (disorder)'),
      icd10('J02.0', 'Streptococcal pharyngitis'),
    ],
    fever: 2.1,
    oxygen: 0,
    days: [6, 11],
    ages: [4, 40],
    medicine: amoxicillin,
  },
]

/** An allergy: substance, category and reaction. */
export interface Allergy {
  code: Coding
  category: 'food' | 'medication' | 'environment'
  criticality: 'low' | 'high'
  reaction: Coding
  severity: 'mild' | 'moderate' | 'severe'
}

const allergy = (
  code: Coding,
  category: Allergy['category'],
  [reaction, severity]: readonly [Coding, Allergy['severity']],
): Allergy => ({ code, category, reaction, severity, criticality: severity === 'severe' ? 'high' : 'low' })

const hives = snomed('126485001', 'Urticaria (disorder)')
const rash = snomed('271807003', 'Eruption of skin (disorder)')
const anaphylaxis = snomed('39579001', 'Anaphylaxis (disorder)')
const sneezing = snomed('76067001', 'Sneezing (finding)')

export const allergies: readonly Allergy[] = [
  allergy(rxnorm('7980', 'penicillin G'), 'medication', [rash, 'moderate']),
  allergy(rxnorm('1191', 'aspirin'), 'medication', [hives, 'moderate']),
  allergy(snomed('91934008', 'Allergy to nut'), 'food', [anaphylaxis, 'severe']),
  allergy(snomed('300913006', 'Shellfish allergy'), 'food', [hives, 'moderate']),
  allergy(snomed('91930004', 'Allergy to eggs'), 'food', [rash, 'mild']),
  allergy(snomed('418689008', 'Allergy to grass pollen'), 'environment', [sneezing, 'mild']),
  allergy(snomed('232350006', 'House dust mite allergy'), 'environment', [sneezing, 'mild']),
  allergy(snomed('300916003', 'Latex allergy'), 'environment', [hives, 'moderate']),
  allergy(snomed('424213003', 'Allergy to bee venom'), 'environment', [anaphylaxis, 'severe']),
]
