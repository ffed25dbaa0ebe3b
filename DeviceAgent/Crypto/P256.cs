namespace DeviceAgent.Crypto
{
    /// <summary>The curve P-256 (FIPS 186-4, D.1.2.3; SEC 2: secp256r1): multiples of its base point, and the numbers that are counted with there.</summary>
    /// <remarks>
    /// A multiple is taken with a comb of six teeth, 43 columns apart, whose digits are plus and minus one and never 0: a table of 32 points (2 KB, in the
    /// heap only meanwhile), 42 times a doubling (8 multiplications modulo p) and an addition (11), then an inversion (298) and six more for the way
    /// out: 1,102 multiplications. Which point of the table is taken, and its sign, is decided by masks.
    /// </remarks>
    internal sealed class P256
    {
        private const int Teeth = 6;
        private const int Columns = 43;
        private const int Limbs = MontgomeryModulus.Limbs;

        // temporaries of doubling and addition
        private readonly uint[] _a = new uint[Limbs];
        private readonly uint[] _b = new uint[Limbs];
        private readonly uint[] _c = new uint[Limbs];
        private readonly uint[] _d = new uint[Limbs];

        // the sum, in Jacobian coordinates with the factor 2^256
        private readonly uint[] _x = new uint[Limbs];
        private readonly uint[] _y = new uint[Limbs];
        private readonly uint[] _z = new uint[Limbs];

        // the point that is added to it, affine
        private readonly uint[] _tableX = new uint[Limbs];
        private readonly uint[] _tableY = new uint[Limbs];

        /// <summary>Arithmetic modulo p: coordinates.</summary>
        public MontgomeryModulus Field { get; } = new MontgomeryModulus(
            new uint[] { 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xFFFFFFFF },
            new uint[] { 0x00000003, 0x00000000, 0xFFFFFFFF, 0xFFFFFFFB, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0x00000004 },
            1);

        /// <summary>Arithmetic modulo n, the order of the base point: private keys, nonces and signatures.</summary>
        public MontgomeryModulus Order { get; } = new MontgomeryModulus(
            new uint[] { 0xFC632551, 0xF3B9CAC2, 0xA7179E84, 0xBCE6FAAD, 0xFFFFFFFF, 0xFFFFFFFF, 0x00000000, 0xFFFFFFFF },
            new uint[] { 0xBE79EEA2, 0x83244C95, 0x49BD6FA6, 0x4699799C, 0x2B6BEC59, 0x2845B239, 0xF3D95620, 0x66E12D94 },
            0xEE00BC4F);

        /// <summary>Multiplies the base point.</summary>
        /// <param name="scalar">1 to n - 1.</param>
        /// <param name="x">Gets the product's x coordinate.</param>
        /// <param name="y">Gets its y coordinate.</param>
        public void MultiplyBase(uint[] scalar, uint[] x, uint[] y)
        {
            // the negative of an even scalar is odd, n being so, and its product has the negative y
            MontgomeryModulus field = Field;
            uint isEven = (scalar[0] & 1) - 1u;
            Order.Subtract(_a, null, scalar);
            MontgomeryModulus.Select(_a, scalar, _a, isEven);
            Sum(_a);

            field.Invert(_a, _z);
            field.Multiply(_b, _a, _a);
            field.Multiply(x, _x, _b);
            field.Leave(x, x);
            field.Multiply(_b, _b, _a);
            field.Multiply(y, _y, _b);
            field.Leave(y, y);
            field.Subtract(_a, null, y);
            MontgomeryModulus.Select(y, y, _a, isEven);
        }

        private static void Split(uint[] limbs, int at, ulong two)
        {
            limbs[at] = (uint)two;
            limbs[at + 1] = (uint)(two >> 32);
        }

        // the base point as often as an odd number says; a method of its own, so that the table does not outlive it
        private void Sum(uint[] odd)
        {
            // the number is the sum of plus or minus 2^i, i from 0 to 257: plus where its bit i + 1 is set, and for the last
            ulong[] table = CreateTable();
            uint[] digits = new uint[Limbs + 1];
            for (int i = 0; i < Limbs; i++)
            {
                digits[i] = (odd[i] >> 1) | (i == Limbs - 1 ? 0 : odd[i + 1] << 31);
            }

            digits[Limbs] = 2;

            Take(table, digits, Columns - 1);
            _tableX.CopyTo(_x, 0);
            _tableY.CopyTo(_y, 0);

            // 1 with the factor 2^256
            _z[0] = 1;
            _z[1] = _z[2] = _z[7] = 0;
            _z[3] = _z[4] = _z[5] = 0xFFFFFFFF;
            _z[6] = 0xFFFFFFFE;

            for (int column = Columns - 2; column >= 0; column--)
            {
                Double();
                Take(table, digits, column);
                Add();
            }
        }

        // dbl-2001-b of the Explicit-Formulas Database, but Z3 = 2YZ
        private void Double()
        {
            MontgomeryModulus field = Field;
            field.Multiply(_a, _z, _z);
            field.Multiply(_b, _y, _y);
            field.Multiply(_c, _x, _b);
            field.Multiply(_z, _y, _z);
            field.Add(_z, _z, _z);
            field.Subtract(_d, _x, _a);
            field.Add(_a, _x, _a);
            field.Multiply(_d, _d, _a);
            field.Add(_a, _d, _d);
            field.Add(_d, _d, _a);
            field.Add(_c, _c, _c);
            field.Add(_c, _c, _c);
            field.Add(_a, _c, _c);
            field.Multiply(_x, _d, _d);
            field.Subtract(_x, _x, _a);
            field.Subtract(_c, _c, _x);
            field.Multiply(_c, _c, _d);
            field.Multiply(_b, _b, _b);
            field.Add(_b, _b, _b);
            field.Add(_b, _b, _b);
            field.Add(_b, _b, _b);
            field.Subtract(_y, _c, _b);
        }

        // The sum and the point from the table: with x coordinates H = U2 - X1 apart, and y coordinates r = S2 - Y1. They are never the same point and
        // never opposite. The sum's multiple is even and the point's odd, so that they could only be so modulo n; but what is added has at most 216 bits,
        // the sum is below n / 2 + 2^217 before the last column, and there only the scalars n + 2t, t being a negative point of the table,
        // would do: none of the 32 has the digits of its t there (CryptoTests tries them).
        private void Add()
        {
            MontgomeryModulus field = Field;
            field.Multiply(_a, _z, _z);
            field.Multiply(_b, _a, _z);
            field.Multiply(_a, _tableX, _a);
            field.Multiply(_b, _tableY, _b);
            field.Subtract(_a, _a, _x);
            field.Subtract(_b, _b, _y);

            field.Multiply(_z, _z, _a);
            field.Multiply(_c, _a, _a);
            field.Multiply(_d, _c, _a);
            field.Multiply(_c, _x, _c);
            field.Multiply(_x, _b, _b);
            field.Subtract(_x, _x, _d);
            field.Subtract(_x, _x, _c);
            field.Subtract(_x, _x, _c);
            field.Subtract(_c, _c, _x);
            field.Multiply(_c, _c, _b);
            field.Multiply(_d, _y, _d);
            field.Subtract(_y, _c, _d);
        }

        private void Take(ulong[] table, uint[] digits, int column)
        {
            uint index = 0;
            for (int tooth = 0; tooth < Teeth; tooth++)
            {
                int at = column + (tooth * Columns);
                index |= ((digits[at >> 5] >> (at & 31)) & 1) << tooth;
            }

            // the table has the points whose highest digit is plus
            uint isNegative = (index >> (Teeth - 1)) - 1u;
            index = (index ^ isNegative) & 31;

            ulong x0 = 0, x1 = 0, x2 = 0, x3 = 0, y0 = 0, y1 = 0, y2 = 0, y3 = 0;
            for (uint i = 0; i < 32; i++)
            {
                ulong mask = 0UL - (((i ^ index) - 1u) >> 31);
                int at = (int)i * 8;
                x0 |= table[at] & mask;
                x1 |= table[at + 1] & mask;
                x2 |= table[at + 2] & mask;
                x3 |= table[at + 3] & mask;
                y0 |= table[at + 4] & mask;
                y1 |= table[at + 5] & mask;
                y2 |= table[at + 6] & mask;
                y3 |= table[at + 7] & mask;
            }

            Split(_tableX, 0, x0);
            Split(_tableX, 2, x1);
            Split(_tableX, 4, x2);
            Split(_tableX, 6, x3);
            Split(_tableY, 0, y0);
            Split(_tableY, 2, y1);
            Split(_tableY, 4, y2);
            Split(_tableY, 6, y3);
            Field.Subtract(_a, null, _tableY);
            MontgomeryModulus.Select(_tableY, _tableY, _a, isNegative);
        }

        // point i: 2^215 G, and 2^(43 t) G for t = 0 to 4, plus where bit t of i is set and else minus; x and y, with the factor 2^256, lowest 64 bits first
        private static ulong[] CreateTable()
        {
            return new ulong[]
            {
                0xFD92A16C0664ACBA, 0x027FFF32EDD6C62C, 0x9571FD851822787F, 0x0A019D4913E66BE3,
                0x5E19D0438CC4CDD4, 0x4C3938D124668654, 0x5C2DA523397D0A65, 0xC3CDBFE44BFD3E6C,
                0x21CAB5781331C151, 0x4E399D450E8A9E6A, 0xFA90C07D565C8B4A, 0x694E0E50DEBB407A,
                0x19E4375597C924CF, 0xAE61D18A29C74ABC, 0xFAD446C7C745D3C9, 0xECCEC43AEFD30937,
                0x6ACCA7BCA5706BF7, 0x31F41D138DC8B9F8, 0xE85DCD4B1656968C, 0x336471023E801923,
                0xF216599E78473442, 0x44AD4D175D815BDA, 0xC8C4E7FFE7BDA659, 0x735573B8A6E036BA,
                0x15DEFDBFD7CDF7A1, 0xF3D5267CC7B9BC08, 0xF9CA0AC383833379, 0x991881A01F191EC7,
                0x6E6B0E3A1B80117C, 0xA8322F8457CFCD78, 0x8BC7F288CDD902F5, 0x77AB6D00637494C1,
                0xECB205ED9F36E768, 0xF0C3C85585B3837A, 0x11867501059BB7F6, 0x2BD25CAFEF05F8E4,
                0xAFCEA22EF666B114, 0x5D962237B2BDB924, 0x757AF2DBBCDF4F96, 0x61CC0E0F01614A89,
                0x38E59C150F640FAD, 0xB836BA1FE1E69A2D, 0x6626BD0B68BEB3C0, 0xD664FDC47EE5F316,
                0x24BCE21AC2BF5AC1, 0x0B0BE00170E39842, 0xC6EBEF5A991F9BAA, 0xF5C047AE12369335,
                0x3FC1CF4385EE57B9, 0x1610E5412E3D82F9, 0x5E7156E320A7FDA1, 0x3172098A143AF0C1,
                0xE30973E17C467242, 0xCD5775F9A1B3A55C, 0x9BD75C489CB451A2, 0x8B9C9F273CC57C86,
                0xAF6EC5DDA0906A93, 0xFC9A2617B85D48F4, 0x610C235CA13FD5FD, 0x0F7BBA60514D546E,
                0xA4C810D15BF17765, 0xE0D44476F84FDA52, 0x06671AF679AA92B4, 0x41F6DEC14D5CC38D,
                0x665863DA38A4956B, 0xF57CAC05B0C9591E, 0x4BA3603E699B644E, 0xC20BAC6623061C9F,
                0x2ABB902373639F4C, 0xC61E3F6AF19BD394, 0x04FCD67AFA0EBF75, 0x55750F95803E75DB,
                0x74CF66A8811D6C76, 0xA920A20D033AFE0B, 0x77CFCC7DA3591B99, 0x64DC49B367B721C8,
                0x3D2D03399B3884FA, 0x356522BA345D36EC, 0xA56DA3553E6445F3, 0x642954381AAA9C93,
                0x9732B5EEE9B04975, 0xDEF62766ECA4EA63, 0xCE2D25A3C3CC6B03, 0x55E3C2595CA8544B,
                0xCB7B057CADBF5E54, 0xA560D5D6CE44F15A, 0x0B4E4FE46E811498, 0xFD241930F623601A,
                0x1146A656E1CF1EE0, 0x7937F944A143D962, 0xCF930C93C4C4E9EF, 0x35BE04CE631CD689,
                0x9BD4CEA2A30AF57B, 0xCD84CD02B1C4930F, 0x5E606BEB51FB59A1, 0x57F9F7225B25EC54,
                0x821E44B0FD067189, 0xACD0FDB304C35B63, 0x76741D3B845A0DDC, 0x3A637C0E587A18E6,
                0xCFE47367516D4C58, 0x0CD88172C71149FD, 0x1FCD33B9A1293EA3, 0x7A35AE9F2221909A,
                0xDCCFE4ACBE6EBC56, 0x42340E3B8EDEF80C, 0x2D1190075AA07930, 0xAB36048E13C5D038,
                0x72E642F65FBA58B1, 0x4579C88388E8C26E, 0xC02A828D8A35F4DA, 0xDFAE02B2BC02B4F2,
                0x7CA74F2F7F68BDD1, 0xD55D80429A829344, 0x1474A4CBD26FB1BC, 0xF8BE72A1E7EC1A0C,
                0x73E853223EAC9FC1, 0x591161D76F762E90, 0x9D25AA894ACFEC1A, 0x04E0D9E590994DC6,
                0xA5C2E2C306BB88D3, 0x6974DBF23C37DB15, 0x5DF1F87BB8896853, 0x6BE600DEEFEC4EB8,
                0x7AC91E4772469F14, 0x41BA10B5C8139A3B, 0xDAAE3665A0E72EC5, 0xEA0ED0E902BE358F,
                0x6398C2B55A53321C, 0xA70FE391092001A2, 0xCB4C2947D8802FE2, 0x3C51D45A0C1CF0AF,
                0x6CA83D78A7C3FD9E, 0x668FC622AA852602, 0x14B0AF81DBBAD990, 0x1B0011978FF88DC9,
                0x25328C46DA00E0B3, 0xC8D64E0241016756, 0xC409B717AE22275B, 0xC17A5C4A044860D8,
                0xE1B47E4AB12B302D, 0x2B7D51FC406564E1, 0x85DE76F0AD4D4C58, 0x5EA02941E088A4A2,
                0x31F845F18D1BB3B3, 0xC01970C2455C3B66, 0x34A1D19600DD6F5D, 0x66619CA5BD0196E2,
                0x6CBA36E62AB148C8, 0x3390B6483760752A, 0xAAC8F61C36D2DC69, 0x5D3FDB4C4BDBAA83,
                0x7835E7C23202BA4D, 0x81E985633A1A23CF, 0xC3F684CE40753A42, 0x3A3EADDBE11622A2,
                0xA4E717CC8F8193EF, 0xFC25DAAE651DF367, 0x7AB7404C077E7463, 0x79E7B5AECC63887D,
                0x62A3D600CCF47AFD, 0xEF8D4BEB19341A6C, 0x7666ED3C7F584AF8, 0x77F9A2BD87614960,
                0x6452BCD1A7C5F4E2, 0x28C47666A638AEE7, 0x822F8B57BEBFACE7, 0xCA1C2198497F2509,
                0x21668013AB276795, 0x3D4F51FDF66DA853, 0x298C21E4D4968B25, 0x7BD08FD0009D86E2,
                0x0E68B0AE8368CD52, 0x5ADB8E4CC28F366C, 0x2B09107B45E91A00, 0x710A8D4809A6A14C,
                0x039F159E4AE9F8F8, 0xBCB8D7D211AE0C0F, 0x441A985FC2A7AA6A, 0x00E6837CC22712F9,
                0x2770564F92FFE467, 0x7BE7A9895229FE32, 0xE3C2F48528B5F7C4, 0x60A9D1AA2F85948B,
                0x617CD763BEEFB4F3, 0x26B136BE6890818A, 0x096049D0D6FDC497, 0xB92DAFD03B143EEE,
                0x3DD58D4C0C16A11D, 0x71D0915557D96611, 0x2D717A33449D469F, 0xAE67225B14F1425B,
                0xC91C3A19D5C5FD3D, 0x779456F51B1FCDCA, 0xB9D55947DE6FD5CA, 0xE2207308AD87C7D9,
                0x9A545B695E192385, 0x08E8B6B3375EA413, 0x927B60943726C33E, 0x644C1CEE97AD1837,
                0xC34A5A618D758D83, 0xBD36376E51231F96, 0xCE066A44A24524BC, 0x379ABB439F5FBB80,
                0xCF1CC5A70C12F0E1, 0x5AECDEEF3437F4D5, 0x88A918384C00CEED, 0x0C6F96AC86CE7B89,
                0xD46783A089337219, 0xA071EF2BB4DA494F, 0xE84EB63B7491E4C4, 0x09C8BD9424A8B453,
                0xAFAF51043F8663C9, 0xF3D133436F63B861, 0x2E0541099FE0D62F, 0x0F8ACAAC3FCB8D99,
                0xA00F1AC8212F48D4, 0x2E7FA2B32375E348, 0x7C94299DF62D0D8A, 0x195954A7221BEFA5,
                0x2C324C13A0DD5C52, 0x6F07976C39DE5523, 0x9B71559E9717B432, 0xD1541B8E9B6D228A,
                0x182F4B729A395DDB, 0xC803F9BC6AE2F96D, 0x976D07617656E088, 0x468BEB88B350AABA,
                0xFA25420655BD5F53, 0xF72046B7EE75067D, 0xFA52EF3D2820EE98, 0x1DF662B6847BA9B1,
                0xEE6BB69BDE32CC14, 0x69F4D3C9F9FC9533, 0x7093CEB916782DF7, 0xE995DD880D11AF6D,
                0x73512186402C5402, 0x330C9BB87A00D4A6, 0xFB45D2528E558E58, 0xC66AAEC1B30126EB,
                0x99B32DEC59CC4BE4, 0x9CF49469B86AC974, 0x6B51751C20AE1D26, 0xB26BED39A997AA99,
                0x65AEF67EC362485D, 0xC72F46993324F6E7, 0xCEC3DCD3DE885514, 0x70B19F6E847024A5,
                0xF9C5E9DE44B06ED7, 0x6CE7C4F74A597159, 0xD02EC441833ACCB5, 0xF30205996296E8FC,
                0x7DF6C5C6C2AFBE06, 0xFF429DDA9C849B09, 0x42170166F5DD78D6, 0x2403EA21830C388B,
            };
        }
    }
}
