import type { Zone } from '../calendar.ts'

/** A place to live: its clock decides the offsets in the patient's records. */
export interface Town {
  city: string
  state: string
  postalCode: string
  phone: string
  zone: Zone
}

const eastern: Zone = { winter: -5, summerTime: true }
const central: Zone = { winter: -6, summerTime: true }
const mountain: Zone = { winter: -7, summerTime: true }
const arizona: Zone = { winter: -7, summerTime: false }
const pacific: Zone = { winter: -8, summerTime: true }
const atlantic: Zone = { winter: -4, summerTime: false }
const hawaii: Zone = { winter: -10, summerTime: false }

const town = (city: string, state: string, postalCode: string, phone: string, zone: Zone): Town => ({
  city,
  state,
  postalCode,
  phone,
  zone,
})

export const towns: readonly Town[] = [
  town('Portland', 'ME', '04101', '207', eastern),
  town('Ithaca', 'NY', '14850', '607', eastern),
  town('Savannah', 'GA', '31401', '912', eastern),
  town('Duluth', 'MN', '55802', '218', central),
  town('Baton Rouge', 'LA', '70802', '225', central),
  town('San Antonio', 'TX', '78205', '210', central),
  town('Cañon City', 'CO', '81212', '719', mountain),
  town('Coeur d’Alene', 'ID', '83814', '208', pacific),
  town('La Cañada Flintridge', 'CA', '91011', '818', pacific),
  town('Tucson', 'AZ', '85701', '520', arizona),
  town('Mayagüez', 'PR', '00680', '787', atlantic),
  town('Hilo', 'HI', '96720', '808', hawaii),
]

const nameList = (text: string): readonly string[] => text.trim().split(/\s+/)

export const femaleNames: readonly string[] = nameList(`
  Olivia Emma Zoë Amélie Sofía Renée Chloé Hannah Ingrid Björk Aaliyah Naomi Grace Lucía Inés Mei Linh Priya
  Fatima Leila Noor Saoirse Siobhán Maren Astrid Élodie Anaïs Beatriz Camila Valentina Yuki Hana Abigail Ruth
  Miriam Esther Łucja Agnieszka Zuzana Ioana Elena Nadia Vera Halima Chidinma Amara Thandiwe Keala Leilani`)

export const maleNames: readonly string[] = nameList(`
  Liam Noah José Andrés François Étienne Björn Søren Lars Håkon Mateo Joaquín Tomás Raúl Iñigo Thomas Henry Samuel
  Elijah Isaiah Malik Omar Yusuf Hassan Arjun Rohan Wei Jian Minh Đức Kenji Haruto Paweł Łukasz Jiří Zdeněk Ștefan
  Mihai Dmitri Nikolai Kwame Chukwu Sipho Tadhg Seán Ciarán Keoni Makoa Walter George`)

export const familyNames: readonly string[] = nameList(`
  Smith Johnson Williams García Rodríguez Martínez Hernández Muñoz Núñez Peña Nguyễn Trần Phạm Chen Wang Kim Park
  Müller Schröder Weiß Jørgensen Sørensen Åkesson Lindström Kowalski Wiśniewska Dąbrowski Novák Dvořák Černý Popescu
  Țepeș O’Brien O’Neill MacDonald Lefèvre Dubois Bélanger D’Angelo Esposito Papadopoulos Haddad Khoury
  Okafor Mensah Nkosi Kealoha Kahananui Patel Sharma Singh Tanaka Satō Yılmaz Washington Baker`)

export const streets: readonly string[] = [
  'Maple Street',
  'Harbor Road',
  'Cañon Avenue',
  'Old Mill Lane',
  'Saint-André Boulevard',
  'Lighthouse Way',
  'Peña Drive',
  'North 4th Street',
  'Juniper Court',
  'Station Road',
]
