import type { Coding } from 'fhir/r4.js'
import { ageAt } from './calendar.ts'
import { burden } from './course.ts'
import type { Dice } from './dice.ts'
import type { Person } from './person.ts'
import { loinc } from './tables/codes.ts'

/** A value of a laboratory panel: its code, unit, digits and reference range. */
export interface LaboratoryTest {
  code: Coding
  unit: string
  digits: number
  low?: number
  high?: number
}

/** A panel: tests drawn and reported together. */
export interface Panel {
  code: Coding
  tests: readonly LaboratoryTest[]
  /** Returns the tests' values in their order. */
  values(person: Person, at: number, d: Dice): readonly number[]
}

const laboratoryTest = (
  [code, display]: readonly [string, string],
  unit: string,
  digits: number,
  [low, high]: readonly [number | undefined, number | undefined],
): LaboratoryTest => ({
  code: loinc(code, display),
  unit,
  digits,
  ...(low === undefined ? {} : { low }),
  ...(high === undefined ? {} : { high }),
})

const a1cAt = (person: Person, at: number): number =>
  person.baseline.a1c + burden(person, 'diabetes', at, 4.2, 0.68)

const glucoseAt = (person: Person, at: number, d: Dice): number =>
  Math.max(66, 28.7 * a1cAt(person, at) - 64 + d.around(0, 6))

/** Returns the estimated filtration rate by the CKD-EPI equation of 2021. */
const filtration = ({ gender, born }: Person, at: number, creatinine: number): number => {
  const [kappa, alpha, factor] = gender === 'female' ? [0.7, -0.241, 1.012] : [0.9, -0.302, 1]
  const ratio = creatinine / kappa
  return 142 * Math.min(ratio, 1) ** alpha * Math.max(ratio, 1) ** -1.2 * 0.9938 ** ageAt(born, at) * factor
}

const metabolic: Panel = {
  code: loinc('51990-0', 'Basic metabolic panel - Blood'),
  tests: [
    laboratoryTest(['2345-7', 'Glucose [Mass/volume] in Serum or Plasma'], 'mg/dL', 0, [70, 99]),
    laboratoryTest(['3094-0', 'Urea nitrogen [Mass/volume] in Serum or Plasma'], 'mg/dL', 0, [7, 20]),
    laboratoryTest(['2160-0', 'Creatinine [Mass/volume] in Serum or Plasma'], 'mg/dL', 2, [0.5, 1.3]),
    laboratoryTest(['98979-8', 'Glomerular filtration rate [CKD-EPI 2021]'], 'mL/min/{1.73_m2}', 0, [
      60,
      undefined,
    ]),
    laboratoryTest(['17861-6', 'Calcium [Mass/volume] in Serum or Plasma'], 'mg/dL', 1, [8.5, 10.5]),
    laboratoryTest(['2951-2', 'Sodium [Moles/volume] in Serum or Plasma'], 'mmol/L', 0, [136, 145]),
    laboratoryTest(['2823-3', 'Potassium [Moles/volume] in Serum or Plasma'], 'mmol/L', 1, [3.5, 5.1]),
    laboratoryTest(['2075-0', 'Chloride [Moles/volume] in Serum or Plasma'], 'mmol/L', 0, [98, 107]),
    laboratoryTest(
      ['2028-9', 'Carbon dioxide, total [Moles/volume] in Serum or Plasma'],
      'mmol/L',
      0,
      [22, 29],
    ),
  ],
  values(person, at, d) {
    const aged = 0.004 * Math.max(0, ageAt(person.born, at) - 45)
    const creatinine =
      person.baseline.creatinine + aged + burden(person, 'diabetes', at, 0.2, 0.2) + d.around(0, 0.03)
    return [
      glucoseAt(person, at, d),
      d.around(14, 2.2) + 20 * aged,
      creatinine,
      filtration(person, at, creatinine),
      d.around(9.4, 0.25),
      d.around(140, 1.6),
      d.around(4.2, 0.25),
      d.around(102.5, 1.6),
      d.around(25, 1.4),
    ]
  },
}

const lipids: Panel = {
  code: loinc('24331-1', 'Lipid 1996 panel - Serum or Plasma'),
  tests: [
    laboratoryTest(['2093-3', 'Cholesterol [Mass/volume] in Serum or Plasma'], 'mg/dL', 0, [undefined, 200]),
    laboratoryTest(['2571-8', 'Triglyceride [Mass/volume] in Serum or Plasma'], 'mg/dL', 0, [undefined, 150]),
    laboratoryTest(['2085-9', 'Cholesterol in HDL [Mass/volume] in Serum or Plasma'], 'mg/dL', 0, [
      40,
      undefined,
    ]),
    laboratoryTest(
      ['13457-7', 'Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation'],
      'mg/dL',
      0,
      [undefined, 130],
    ),
  ],
  values(person, at, d) {
    const hdl = person.baseline.hdl + d.around(0, 2)
    const fats =
      person.baseline.triglycerides + burden(person, 'hyperlipidemia', at, 90, 0.5) + d.around(0, 14)
    const ldl = person.baseline.ldl + burden(person, 'hyperlipidemia', at, 75, 0.95) + d.around(0, 6)
    return [hdl + ldl + fats / 5, fats, hdl, ldl]
  },
}

const bloodCount: Panel = {
  code: loinc('58410-2', 'CBC panel - Blood by Automated count'),
  tests: [
    laboratoryTest(['6690-2', 'Leukocytes [#/volume] in Blood by Automated count'], '10*3/uL', 1, [4.5, 11]),
    laboratoryTest(
      ['789-8', 'Erythrocytes [#/volume] in Blood by Automated count'],
      '10*6/uL',
      2,
      [3.8, 5.9],
    ),
    laboratoryTest(['718-7', 'Hemoglobin [Mass/volume] in Blood'], 'g/dL', 1, [12, 17.5]),
    laboratoryTest(['4544-3', 'Hematocrit [Volume Fraction] of Blood by Automated count'], '%', 1, [36, 52]),
    laboratoryTest(
      ['787-2', 'MCV [Entitic mean volume] in Red Blood Cells by Automated count'],
      'fL',
      1,
      [80, 100],
    ),
    laboratoryTest(['785-6', 'MCH [Entitic mass] by Automated count'], 'pg', 1, [27, 33]),
    laboratoryTest(
      ['786-4', 'MCHC [Entitic Mass/volume] in Red Blood Cells by Automated count'],
      'g/dL',
      1,
      [32, 36],
    ),
    laboratoryTest(['777-3', 'Platelets [#/volume] in Blood by Automated count'], '10*3/uL', 0, [150, 400]),
  ],
  values(person, at, d) {
    const child = ageAt(person.born, at) < 14 ? 1.4 : 0
    const hemoglobin = person.baseline.hemoglobin - child + d.around(0, 0.35)
    const [mch, mchc] = [d.around(30, 0.8), d.around(34, 0.4)]
    const [hematocrit, red] = [(hemoglobin / mchc) * 100, (hemoglobin * 10) / mch]
    return [
      d.around(7, 1.2) + child,
      red,
      hemoglobin,
      hematocrit,
      (hematocrit * 10) / red,
      mch,
      mchc,
      d.around(255, 36),
    ]
  },
}

const hemoglobinA1c: Panel = {
  code: loinc('4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'),
  tests: [laboratoryTest(['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood'], '%', 1, [4, 5.6])],
  values: (person, at, d) => [a1cAt(person, at) + d.around(0, 0.12)],
}

export const panels = { metabolic, lipids, bloodCount, hemoglobinA1c }

export type PanelName = keyof typeof panels
