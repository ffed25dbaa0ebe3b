namespace DeviceAgent.Crypto
{
    /// <summary>
    /// Arithmetic modulo an odd number of 256 bits, whose highest is set: eight limbs of 32 bits, the lowest first, multiplied as Montgomery does:
    /// what is multiplied gets the factor 2^-256, which what <see cref="Enter"/> gives makes up for.
    /// </summary>
    /// <remarks>
    /// Operands are below the modulus, and so are results; a result may be the array of an operand. No branch and no index depends on a number,
    /// but on the modulus.
    /// </remarks>
    internal sealed class MontgomeryModulus
    {
        /// <summary>How many limbs a number has.</summary>
        public const int Limbs = 8;

        private readonly uint[] _modulus;
        private readonly uint[] _square;
        private readonly uint _inverse;
        private readonly uint[] _work = new uint[Limbs];

        /// <summary>Makes the arithmetic of a modulus.</summary>
        /// <param name="modulus">The modulus.</param>
        /// <param name="square">2^512 modulo it.</param>
        /// <param name="inverse">The negated inverse of its lowest limb, modulo 2^32.</param>
        public MontgomeryModulus(uint[] modulus, uint[] square, uint inverse)
        {
            _modulus = modulus;
            _square = square;
            _inverse = inverse;
        }

        /// <summary>How many multiplications have been done: what all else is small beside.</summary>
        public int Multiplications { get; private set; }

        /// <summary>Reads a number.</summary>
        /// <param name="bytes">32 bytes, big-endian.</param>
        /// <param name="at">The first of them.</param>
        public static uint[] Read(byte[] bytes, int at)
        {
            uint[] number = new uint[Limbs];
            for (int i = Limbs - 1; i >= 0; i--)
            {
                number[i] = ((uint)bytes[at] << 24) | ((uint)bytes[at + 1] << 16) | ((uint)bytes[at + 2] << 8) | bytes[at + 3];
                at += 4;
            }

            return number;
        }

        /// <summary>Writes a number.</summary>
        /// <param name="number">The number.</param>
        /// <param name="bytes">Gets 32 bytes, big-endian.</param>
        /// <param name="at">The first of them.</param>
        public static void Write(uint[] number, byte[] bytes, int at)
        {
            for (int i = 0; i < 4 * Limbs; i++)
            {
                bytes[at + i] = (byte)(number[Limbs - 1 - (i >> 2)] >> (24 - (8 * (i & 3))));
            }
        }

        /// <summary>Whether a number is 0.</summary>
        /// <param name="number">The number.</param>
        public static bool IsZero(uint[] number)
        {
            uint any = 0;
            for (int i = 0; i < Limbs; i++)
            {
                any |= number[i];
            }

            return any == 0;
        }

        /// <summary>Takes one of two numbers.</summary>
        /// <param name="result">Gets it.</param>
        /// <param name="first">Taken where <paramref name="mask"/> is 0.</param>
        /// <param name="second">Taken where all bits of <paramref name="mask"/> are set.</param>
        /// <param name="mask">Either.</param>
        public static void Select(uint[] result, uint[] first, uint[] second, uint mask)
        {
            for (int i = 0; i < Limbs; i++)
            {
                result[i] = first[i] ^ ((first[i] ^ second[i]) & mask);
            }
        }

        /// <summary>Whether a number is at least 1 and below the modulus.</summary>
        /// <param name="number">Any number of eight limbs.</param>
        public bool IsInRange(uint[] number)
        {
            uint[] modulus = _modulus;
            ulong borrow = 0;
            for (int i = 0; i < Limbs; i++)
            {
                borrow = ((ulong)number[i] - modulus[i] - borrow) >> 63;
            }

            return borrow != 0 && !IsZero(number);
        }

        /// <summary>Makes a number of eight limbs one below the modulus.</summary>
        /// <param name="result">Gets it; another array than <paramref name="number"/>.</param>
        /// <param name="number">Any number of eight limbs.</param>
        public void Reduce(uint[] result, uint[] number) => Reduce(result, number, 0);

        /// <summary>Adds.</summary>
        /// <param name="result">Gets the sum.</param>
        /// <param name="a">A number.</param>
        /// <param name="b">Another.</param>
        public void Add(uint[] result, uint[] a, uint[] b)
        {
            uint[] sum = _work;
            ulong carry = 0;
            for (int i = 0; i < Limbs; i++)
            {
                carry += (ulong)a[i] + b[i];
                sum[i] = (uint)carry;
                carry >>= 32;
            }

            Reduce(result, sum, (uint)carry);
        }

        /// <summary>Subtracts.</summary>
        /// <param name="result">Gets the difference.</param>
        /// <param name="a">A number; <see langword="null"/> for 0.</param>
        /// <param name="b">What is taken away from it.</param>
        public void Subtract(uint[] result, uint[] a, uint[] b)
        {
            uint[] modulus = _modulus;
            ulong borrow = 0;
            for (int i = 0; i < Limbs; i++)
            {
                ulong difference = (a == null ? 0UL : a[i]) - b[i] - borrow;
                result[i] = (uint)difference;
                borrow = difference >> 63;
            }

            uint mask = 0u - (uint)borrow;
            ulong carry = 0;
            for (int i = 0; i < Limbs; i++)
            {
                carry += (ulong)result[i] + (modulus[i] & mask);
                result[i] = (uint)carry;
                carry >>= 32;
            }
        }

        /// <summary>Multiplies, and by 2^-256 too.</summary>
        /// <param name="result">Gets the product.</param>
        /// <param name="a">A number.</param>
        /// <param name="b">Another.</param>
        public void Multiply(uint[] result, uint[] a, uint[] b)
        {
            Multiplications++;
            uint[] modulus = _modulus;
            uint[] t = _work;
            uint inverse = _inverse;
            uint lowest = modulus[0];
            uint top = 0;
            for (int i = 0; i < Limbs; i++)
            {
                t[i] = 0;
            }

            // no sum here can pass 64 bits: (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1
            for (int i = 0; i < Limbs; i++)
            {
                ulong factor = b[i];
                ulong product = (a[0] * factor) + t[0];
                ulong quotient = (uint)product * inverse;
                ulong multiple = ((quotient * lowest) + (uint)product) >> 32;
                product >>= 32;
                for (int j = 1; j < Limbs; j++)
                {
                    product += (a[j] * factor) + t[j];
                    multiple += (quotient * modulus[j]) + (uint)product;
                    t[j - 1] = (uint)multiple;
                    product >>= 32;
                    multiple >>= 32;
                }

                product += multiple + top;
                t[Limbs - 1] = (uint)product;
                top = (uint)(product >> 32);
            }

            Reduce(result, t, top);
        }

        /// <summary>Gives a number the factor 2^256: one multiplication.</summary>
        /// <param name="result">Gets the number with the factor.</param>
        /// <param name="a">The number without.</param>
        public void Enter(uint[] result, uint[] a) => Multiply(result, a, _square);

        /// <summary>Takes the factor 2^256 from a number: one multiplication.</summary>
        /// <param name="result">Gets the number without the factor.</param>
        /// <param name="a">The number with it.</param>
        public void Leave(uint[] result, uint[] a)
        {
            uint[] one = new uint[Limbs];
            one[0] = 1;
            Multiply(result, a, one);
        }

        /// <summary>Inverts a number that has the factor 2^256, as Fermat does: for a modulus that is a prime.</summary>
        /// <param name="result">Gets the inverse, with the factor.</param>
        /// <param name="a">A number that is not 0, with the factor.</param>
        public void Invert(uint[] result, uint[] a)
        {
            uint[] exponent = new uint[Limbs];
            _modulus.CopyTo(exponent, 0);
            exponent[0] -= 2;

            // by four bits of the exponent; the first four are the 15th power, the modulus having them set
            uint[][] powers = new uint[16][];
            powers[1] = a;
            for (int i = 2; i < powers.Length; i++)
            {
                powers[i] = new uint[Limbs];
                Multiply(powers[i], powers[i - 1], a);
            }

            uint[] power = new uint[Limbs];
            powers[15].CopyTo(power, 0);
            for (int i = 248; i >= 0; i -= 4)
            {
                for (int j = 0; j < 4; j++)
                {
                    Multiply(power, power, power);
                }

                int digit = (int)(exponent[i >> 5] >> (i & 31)) & 15;
                if (digit != 0)
                {
                    Multiply(power, power, powers[digit]);
                }
            }

            power.CopyTo(result, 0);
        }

        private void Reduce(uint[] result, uint[] number, uint top)
        {
            uint[] modulus = _modulus;
            ulong borrow = 0;
            for (int i = 0; i < Limbs; i++)
            {
                ulong difference = (ulong)number[i] - modulus[i] - borrow;
                result[i] = (uint)difference;
                borrow = difference >> 63;
            }

            Select(result, result, number, 0u - (uint)(borrow & ~(ulong)top));
        }
    }
}
