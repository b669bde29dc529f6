// statements: commits to numbers, proves each kind of claim about them, and judges the proofs, by the
// keep's file /keep/statement (docs/statements.md). Module `keep` is all that a workload needs.

use keep::{Claim, Code, Statements};

mod keep {
    use std::fs::{File, OpenOptions};
    use std::io::{Error, ErrorKind, Read, Result, Write};

    pub type Commitment = [u8; 33];

    /// A secret.
    #[derive(Clone, Copy)]
    pub struct Opening {
        pub number: u64,
        pub blinding: [u8; 32],
    }

    /// What is said of commitments, or, to prove it, of openings.
    pub enum Claim<'a, T> {
        /// Not less than `least`, but less than that and 2^bits.
        AtLeast { least: u64, bits: u8, of: T },
        Equal(T, T),
        /// Σ times · number = total.
        Sum { parts: &'a [(i64, T)], total: i64 },
    }

    /// Why not.
    #[derive(Debug, PartialEq, Eq)]
    pub enum Code {
        Form = 1,
        Kind = 2,
        False = 3,
        Proof = 4,
        Random = 5,
    }

    pub struct Statements(File);

    trait Field {
        fn put(&self, to: &mut Vec<u8>);
    }

    impl Field for Opening {
        fn put(&self, to: &mut Vec<u8>) {
            to.extend(self.number.to_le_bytes());
            to.extend(self.blinding);
        }
    }

    impl Field for Commitment {
        fn put(&self, to: &mut Vec<u8>) {
            to.extend(self);
        }
    }

    impl Statements {
        pub fn open() -> Result<Self> {
            Ok(Self(OpenOptions::new().read(true).write(true).open("/keep/statement")?))
        }

        pub fn commit(&mut self, number: u64) -> Result<std::result::Result<(Commitment, Opening), Code>> {
            let mut request = vec![1, 1, 0, 0];
            request.extend(number.to_le_bytes());
            Ok(match self.ask(request)? {
                Err(code) => Err(code),
                Ok(both) if both.len() == 65 => {
                    let blinding = both[33..].try_into().expect("32 bytes");
                    Ok((both[..33].try_into().expect("33 bytes"), Opening { number, blinding }))
                }
                Ok(_) => return Err(ErrorKind::InvalidData.into()),
            })
        }

        pub fn prove(&mut self, claim: &Claim<Opening>, context: &[u8]) -> Result<std::result::Result<Vec<u8>, Code>> {
            let request = Self::request(3, claim, context, &[])?;
            self.ask(request)
        }

        /// Done if it holds.
        pub fn verify(&mut self, claim: &Claim<Commitment>, context: &[u8], proof: &[u8]) -> Result<std::result::Result<(), Code>> {
            let request = Self::request(6, claim, context, proof)?;
            Ok(self.ask(request)?.map(|_| ()))
        }

        fn request<T: Field>(first: u8, claim: &Claim<T>, context: &[u8], proof: &[u8]) -> Result<Vec<u8>> {
            let size = u16::try_from(context.len()).map_err(|_| Error::from(ErrorKind::InvalidInput))?;
            let kind = match claim {
                Claim::AtLeast { .. } => first,
                Claim::Equal(..) => first + 1,
                Claim::Sum { .. } => first + 2,
            };
            let mut request = vec![1, kind];
            request.extend(size.to_le_bytes());
            request.extend(context);
            match claim {
                Claim::AtLeast { least, bits, of } => {
                    request.extend(least.to_le_bytes());
                    request.push(*bits);
                    of.put(&mut request);
                }
                Claim::Equal(one, other) => {
                    one.put(&mut request);
                    other.put(&mut request);
                }
                Claim::Sum { parts, total } => {
                    request.push(u8::try_from(parts.len()).map_err(|_| Error::from(ErrorKind::InvalidInput))?);
                    for (times, part) in parts.iter() {
                        request.extend(times.to_le_bytes());
                        part.put(&mut request);
                    }
                    request.extend(total.to_le_bytes());
                }
            }
            request.extend(proof);
            Ok(request)
        }

        fn ask(&mut self, mut request: Vec<u8>) -> Result<std::result::Result<Vec<u8>, Code>> {
            let written = self.0.write(&request)?;
            let is_whole = written == request.len();
            request.fill(0); // openings are in it
            let mut answer = Vec::new();
            self.0.read_to_end(&mut answer)?;
            if !is_whole || answer.len() < 2 || answer[0] != 1 {
                return Err(ErrorKind::InvalidData.into());
            }
            Ok(match answer[1] {
                0 => Ok(answer.split_off(2)),
                1 => Err(Code::Form),
                2 => Err(Code::Kind),
                3 => Err(Code::False),
                4 => Err(Code::Proof),
                _ => Err(Code::Random),
            })
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = b"tax office, 2026, question 17";
    let mut statements = Statements::open()?;
    let (of_wage, wage) = statements.commit(52_000)?.map_err(|code| format!("{code:?}"))?;
    let (of_rent, rent) = statements.commit(8_000)?.map_err(|code| format!("{code:?}"))?;
    let (of_again, again) = statements.commit(52_000)?.map_err(|code| format!("{code:?}"))?;

    let least = |of| Claim::AtLeast { least: 50_000, bits: 32, of };
    let proof = statements.prove(&least(wage), context)?.map_err(|code| format!("{code:?}"))?;
    println!("at least 50000: {:?}", statements.verify(&Claim::AtLeast { least: 50_000, bits: 32, of: of_wage }, context, &proof)?);
    println!("in another context: {:?}", statements.verify(&Claim::AtLeast { least: 50_000, bits: 32, of: of_wage }, b"", &proof)?);
    println!("of the rent: {:?}", statements.prove(&least(rent), context)?.map(|_| ()));

    let proof = statements.prove(&Claim::Equal(wage, again), context)?.map_err(|code| format!("{code:?}"))?;
    println!("equal: {:?}", statements.verify(&Claim::Equal(of_wage, of_again), context, &proof)?);
    println!("wage and rent: {:?}", statements.verify(&Claim::Equal(of_wage, of_rent), context, &proof)?);

    let parts = [(1, wage), (-2, rent)];
    let of_parts = [(1, of_wage), (-2, of_rent)];
    let proof = statements.prove(&Claim::Sum { parts: &parts, total: 36_000 }, context)?.map_err(|code| format!("{code:?}"))?;
    println!("sum: {:?}", statements.verify(&Claim::Sum { parts: &of_parts, total: 36_000 }, context, &proof)?);
    println!("another sum: {:?}", statements.verify(&Claim::Sum { parts: &of_parts, total: 36_001 }, context, &proof)?);
    assert_eq!(statements.prove(&Claim::Sum { parts: &[], total: 0 }, context)?, Err(Code::Form));
    Ok(())
}
