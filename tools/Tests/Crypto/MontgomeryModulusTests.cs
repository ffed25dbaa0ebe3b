using DeviceAgent.Crypto;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Crypto
{
    [TestClass]
    public class MontgomeryModulusTests
    {
        private const string Zero = "0000000000000000000000000000000000000000000000000000000000000000";
        private const string One = "0000000000000000000000000000000000000000000000000000000000000001";
        private const string Two = "0000000000000000000000000000000000000000000000000000000000000002";
        private const string All = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
        private const string Field = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";
        private const string FieldLessOne = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFE";
        private const string FieldLessTwo = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFD";
        private const string Order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
        private const string OrderLessOne = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550";
        private const string OrderLessTwo = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC63254F";

        [TestMethod]
        public void SumsAndDifferencesStayBelowTheModulus()
        {
            P256 curve = new P256();
            CheckSums(curve.Field, FieldLessOne, FieldLessTwo);
            CheckSums(curve.Order, OrderLessOne, OrderLessTwo);
        }

        [TestMethod]
        public void ProductsAndInversesOfTheLeastAndTheGreatest()
        {
            P256 curve = new P256();
            CheckProducts(curve.Field, FieldLessOne, FieldLessTwo);
            CheckProducts(curve.Order, OrderLessOne, OrderLessTwo);
        }

        [TestMethod]
        public void NumbersOfTheModulusAndAboveAreReduced()
        {
            P256 curve = new P256();
            CheckReduced(curve.Field, Field, Zero);
            CheckReduced(curve.Field, FieldLessOne, FieldLessOne);
            CheckReduced(curve.Field, All, "00000000FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF000000000000000000000000");
            CheckReduced(curve.Order, Order, Zero);
            CheckReduced(curve.Order, One, One);
            CheckReduced(curve.Order, All, "00000000FFFFFFFF00000000000000004319055258E8617B0C46353D039CDAAE");
        }

        [TestMethod]
        public void TheRangeIsFromOneToTheModulusLessOne()
        {
            MontgomeryModulus order = new P256().Order;
            Assert.IsFalse(order.IsInRange(Number(Zero)));
            Assert.IsTrue(order.IsInRange(Number(One)));
            Assert.IsTrue(order.IsInRange(Number(OrderLessOne)));
            Assert.IsFalse(order.IsInRange(Number(Order)));
            Assert.IsFalse(order.IsInRange(Number(Field)));
            Assert.IsFalse(order.IsInRange(Number(All)));
        }

        private static void CheckSums(MontgomeryModulus modulus, string lessOne, string lessTwo)
        {
            uint[] result = new uint[MontgomeryModulus.Limbs];
            modulus.Add(result, Number(lessOne), Number(lessOne));
            Check(lessTwo, result);
            modulus.Add(result, Number(lessOne), Number(One));
            Check(Zero, result);
            modulus.Add(result, Number(lessTwo), Number(One));
            Check(lessOne, result);
            modulus.Subtract(result, Number(Zero), Number(One));
            Check(lessOne, result);
            modulus.Subtract(result, null, Number(lessOne));
            Check(One, result);
            modulus.Subtract(result, Number(lessOne), Number(lessOne));
            Check(Zero, result);
            modulus.Subtract(result, null, Number(Zero));
            Check(Zero, result);
        }

        private static void CheckProducts(MontgomeryModulus modulus, string lessOne, string lessTwo)
        {
            uint[] a = new uint[MontgomeryModulus.Limbs];
            uint[] b = new uint[MontgomeryModulus.Limbs];
            modulus.Enter(a, Number(lessOne));
            modulus.Multiply(b, a, a);
            modulus.Leave(b, b);
            Check(One, b);
            modulus.Invert(b, a);
            modulus.Leave(b, b);
            Check(lessOne, b);
            modulus.Enter(b, Number(Two));
            modulus.Multiply(a, b, a);
            modulus.Leave(a, a);
            Check(lessTwo, a);
            modulus.Invert(a, b);
            modulus.Multiply(a, a, b);
            modulus.Leave(a, a);
            Check(One, a);
            modulus.Multiply(a, b, Number(Zero));
            Check(Zero, a);
        }

        private static void CheckReduced(MontgomeryModulus modulus, string number, string expected)
        {
            uint[] result = new uint[MontgomeryModulus.Limbs];
            modulus.Reduce(result, Number(number));
            Check(expected, result);
        }

        private static uint[] Number(string hex) => MontgomeryModulus.Read(Hex.Bytes(hex), 0);

        private static void Check(string expected, uint[] actual)
        {
            byte[] bytes = new byte[32];
            MontgomeryModulus.Write(actual, bytes, 0);
            Assert.AreEqual(expected, Hex.Text(bytes));
        }
    }
}
