/** A vaccine and the ages, in months, at which its doses are due: after the schedules of the CDC, in broad strokes. */
export interface Vaccine {
  cvx: string
  display: string
  due: readonly number[]
}

const vaccine = (cvx: string, display: string, ...due: readonly number[]): Vaccine => ({ cvx, display, due })

const years = (count: number): number => count * 12

export const schedule: readonly Vaccine[] = [
  vaccine('08', 'Hep B, adolescent or pediatric', 0, 1, 6),
  vaccine('119', 'rotavirus, monovalent', 2, 4),
  vaccine('20', 'DTaP', 2, 4, 6, 15, years(4)),
  vaccine('49', 'Hib (PRP-OMP)', 2, 4, 12),
  vaccine('133', 'Pneumococcal conjugate PCV 13', 2, 4, 6, 12, years(65)),
  vaccine('10', 'IPV', 2, 4, 6, years(4)),
  vaccine('03', 'MMR', 12, years(4)),
  vaccine('21', 'varicella', 12, years(4)),
  vaccine('83', 'Hep A, ped/adol, 2 dose', 12, 18),
  vaccine('165', 'HPV9', years(11), years(12)),
  vaccine('115', 'Tdap', years(11)),
  vaccine('114', 'meningococcal MCV4P', years(11), years(16)),
  vaccine(
    '113',
    'Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed',
    ...[21, 31, 41, 51, 61, 71, 81].map(years),
  ),
  vaccine('187', 'zoster recombinant', years(50), years(50) + 4),
]

export const influenza = vaccine('140', 'Influenza, seasonal, injectable, preservative free')
