using System.ComponentModel;
using System.Diagnostics;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Crypto;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.VirtualDevice;

/// <summary>The board's own cryptography beside .NET's and OpenSSL's.</summary>
[TestClass]
public class CryptoTests
{
    private const int Keys = 2000;

    private static readonly BigInteger Order = Parse("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    private static readonly BigInteger Prime = Parse("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");

    [TestMethod]
    public void Keys_and_signatures_are_those_of_dotnet()
    {
        for (var i = 0; i < Keys; i++)
        {
            var random = RandomNumberGenerator.GetBytes(EcKey.Size);
            var key = EcKey.Create(random);
            if (key is null) continue; // one in 2^32

            // the point worked out from the private key, not only checked
            using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = random });
            var q = ecdsa.ExportParameters(false).Q;
            byte[] point = [4, .. q.X!, .. q.Y!];
            CollectionAssert.AreEqual(point, key.PublicPoint, Convert.ToHexString(random));

            var message = RandomNumberGenerator.GetBytes(i % 300);
            var signature = key.Sign(message);
            Assert.IsTrue(ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), Convert.ToHexString(random) + " " + Convert.ToHexString(message));
            CollectionAssert.AreEqual(signature, key.Sign(message), "a signature depends on key and message alone");
            signature[^1] ^= 1;
            Assert.IsFalse(ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }
    }

    [TestMethod]
    public void Keys_with_long_runs_of_one_bit_are_those_of_dotnet()
    {
        for (var i = 0; i < 256; i++)
        {
            foreach (var number in new[] { BigInteger.One << i, (BigInteger.One << i) - 1, Order - (BigInteger.One << i), Order / 2 + (BigInteger.One << i) })
            {
                var bytes = Bytes(((number % Order) + Order) % Order);
                if (bytes.All(b => b == 0)) continue;
                using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = bytes });
                var q = ecdsa.ExportParameters(false).Q;
                CollectionAssert.AreEqual((byte[])[4, .. q.X!, .. q.Y!], EcKey.Create(bytes).PublicPoint, Convert.ToHexString(bytes));
            }
        }
    }

    /// <summary>
    /// The comb's formulas for an addition do not hold for a point and itself or its negative. Only for 32 scalars could that be asked of them
    /// (P256 says why), in the last column, and there the digits would have to be those of the point: they never are. They are right for these scalars too.
    /// </summary>
    [TestMethod]
    public void The_comb_never_adds_a_point_to_itself()
    {
        var tried = 0;
        for (var signs = 0; signs < 64; signs++)
        {
            BigInteger point = Enumerable.Range(0, 6).Aggregate(BigInteger.Zero, (sum, tooth) => sum + (signs >> tooth & 1) * 2 * (BigInteger.One << 43 * tooth) - (BigInteger.One << 43 * tooth));
            if (point.Sign > 0) continue;
            var scalar = Order + 2 * point;
            tried++;

            var digits = (scalar >> 1) + (BigInteger.One << 257);
            BigInteger all = 0, last = 0;
            for (var i = 0; i < 258; i++)
            {
                var digit = (digits >> i).IsEven ? -BigInteger.One : BigInteger.One;
                all += digit << i;
                if (i % 43 == 0) last += digit << i;
            }

            Assert.AreEqual(scalar, all);
            Assert.AreNotEqual(point, last);

            foreach (var number in new[] { scalar, Order - scalar })
            {
                using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Bytes(number) });
                var q = ecdsa.ExportParameters(false).Q;
                CollectionAssert.AreEqual((byte[])[4, .. q.X!, .. q.Y!], EcKey.Create(Bytes(number)).PublicPoint);
            }
        }

        Assert.AreEqual(32, tried);
    }

    [TestMethod]
    public void A_key_in_PEM_is_read_by_dotnet_and_signs_there_for_the_same_public_point()
    {
        for (var i = 0; i < 200; i++)
        {
            var random = RandomNumberGenerator.GetBytes(EcKey.Size);
            random[i % 4] = 0;
            var key = EcKey.Create(random);
            using var read = ECDsa.Create();
            read.ImportFromPem(Encoding.ASCII.GetString(key.ToPem()));
            var parameters = read.ExportParameters(true);
            CollectionAssert.AreEqual(random, parameters.D);
            CollectionAssert.AreEqual(key.PublicPoint, (byte[])[4, .. parameters.Q.X!, .. parameters.Q.Y!]);

            using var pub = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = key.PublicPoint[1..33], Y = key.PublicPoint[33..] } });
            Assert.IsTrue(pub.VerifyData(random, read.SignData(random, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
        }
    }

    [TestMethod]
    public void Requests_are_read_by_dotnet_their_signature_checked()
    {
        for (var i = 0; i < 500; i++)
        {
            var key = EcKey.Create(RandomNumberGenerator.GetBytes(EcKey.Size));
            var name = new string((char)('a' + (i % 26)), 1 + (i % Pkcs10.MaxCommonName));
            var pem = Encoding.ASCII.GetString(Pkcs10.CreateRequest(key, name));
            var request = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256);
            Assert.AreEqual("CN=" + name, request.SubjectName.Name);
            CollectionAssert.AreEqual(key.PublicPoint, request.PublicKey.EncodedKeyValue.RawData);
            Assert.HasCount(0, request.CertificateExtensions);

            var der = PemDer(pem);
            der[^1] ^= 1;
            Assert.ThrowsExactly<CryptographicException>(() => CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256));
        }
    }

    [TestMethod]
    public void OpenSSL_takes_keys_and_requests()
    {
        for (var i = 0; i < 10; i++)
        {
            var key = EcKey.Create(RandomNumberGenerator.GetBytes(EcKey.Size));
            var name = "a0b1c2d3e4f5" + new string('x', i);
            var request = OpenSsl(Pkcs10.CreateRequest(key, name), "req", "-verify", "-noout", "-subject", "-nameopt", "RFC2253");
            StringAssert.Contains(request, "verify OK");
            StringAssert.Contains(request, "CN=" + name);

            var pem = key.ToPem();
            StringAssert.Contains(OpenSsl(pem, "ec", "-check", "-noout"), "EC Key valid");
            Assert.AreEqual(Encoding.ASCII.GetString(pem), OpenSsl(pem, "ec"), "OpenSSL writes it as it is");
            var point = OpenSsl(pem, "ec", "-pubout");
            StringAssert.Contains(point, "BEGIN PUBLIC KEY");
            CollectionAssert.AreEqual(key.PublicPoint, PemDer(point)[^65..]);
        }
    }

    [TestMethod]
    public void Digests_are_those_of_dotnet_for_each_length()
    {
        var sha = new Sha256();
        var hmac = new HmacSha256();
        for (var length = 0; length < 300; length++)
        {
            var data = RandomNumberGenerator.GetBytes(length);
            sha.Append(data);
            CollectionAssert.AreEqual(SHA256.HashData(data), sha.Finish(), length + " bytes");
            var key = RandomNumberGenerator.GetBytes(299 - length);
            hmac.Start(key);
            hmac.Append(data);
            CollectionAssert.AreEqual(HMACSHA256.HashData(key, data), hmac.Finish(), length + " bytes");
        }
    }

    [TestMethod]
    public void The_digest_of_a_million_letters_is_the_one_published()
    {
        var sha = new Sha256();
        var part = Encoding.ASCII.GetBytes(new string('a', 1000));
        for (var i = 0; i < 1000; i++) sha.Append(part);
        Assert.AreEqual("CDC76E5C9914FB9281A1C7E284D73E67F1809A48A497200E046D39CCC7112CD0", Convert.ToHexString(sha.Finish()));
    }

    [TestMethod]
    public void Modular_arithmetic_is_that_of_BigInteger()
    {
        var random = new Random(1);
        foreach (var (modulus, m) in new[] { (new P256().Field, Prime), (new P256().Order, Order) })
        {
            var factor = BigInteger.ModPow(2, 256, m);
            var back = BigInteger.ModPow(factor, m - 2, m);
            for (var i = 0; i < 20_000; i++)
            {
                var (a, b) = (Operand(random, m), Operand(random, m));
                var (x, y) = (Limbs(a), Limbs(b));
                var result = new uint[MontgomeryModulus.Limbs];
                modulus.Add(result, x, y);
                Equal((a + b) % m, result);
                modulus.Subtract(result, x, y);
                Equal((a - b + m) % m, result);
                modulus.Multiply(result, x, y);
                Equal(a * b % m * back % m, result);
                modulus.Multiply(x, x, x); // in place
                Equal(a * a % m * back % m, x);
                if (i % 100 == 0 && !b.IsZero)
                {
                    modulus.Enter(y, y);
                    Equal(b * factor % m, y);
                    modulus.Invert(y, y);
                    modulus.Leave(y, y);
                    Equal(BigInteger.ModPow(b, m - 2, m), y);
                }
            }
        }
    }

    // limbs of all zeros and all ones are where carries go wrong
    private static BigInteger Operand(Random random, BigInteger modulus)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        for (var limb = 0; limb < 8; limb++)
        {
            var kind = random.Next(4);
            if (kind < 2) bytes.AsSpan(4 * limb, 4).Fill((byte)(kind == 0 ? 0 : 0xFF));
        }

        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true) % modulus;
    }

    private static BigInteger Parse(string hex) => BigInteger.Parse("0" + hex, System.Globalization.NumberStyles.HexNumber);

    private static byte[] Bytes(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static uint[] Limbs(BigInteger number) => MontgomeryModulus.Read(Bytes(number), 0);

    private static void Equal(BigInteger expected, uint[] actual)
    {
        var bytes = new byte[32];
        MontgomeryModulus.Write(actual, bytes, 0);
        Assert.AreEqual(expected, new BigInteger(bytes, isUnsigned: true, isBigEndian: true));
    }

    private static byte[] PemDer(string pem)
    {
        var fields = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[fields.Base64Data]);
    }

    private static string OpenSsl(byte[] input, params string[] arguments)
    {
        using var process = new Process { StartInfo = new("openssl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            Assert.Inconclusive("there is no openssl on this machine");
        }

        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, error.Result);
        return arguments.Contains("-noout") ? output + error.Result : output;
    }
}
