using System.Runtime.CompilerServices;

namespace nanoFramework.TestFramework
{
    /// <summary>The assertions of equality; one for each type, so that what compiles here compiles for a board.</summary>
    public sealed partial class Assert
    {
        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(bool expected, bool actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(byte expected, byte actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(char expected, char actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(DateTime expected, DateTime actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(double expected, double actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(float expected, float actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(int expected, int actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(long expected, long actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(object expected, object actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(sbyte expected, sbyte actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(short expected, short actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(string expected, string actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(string.CompareOrdinal(expected, actual) == 0, expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(uint expected, uint actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(ulong expected, ulong actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails unless both are equal.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(ushort expected, ushort actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectEqual(Equals(expected, actual), expected, actual, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(bool notExpected, bool actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(byte notExpected, byte actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(char notExpected, char actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(DateTime notExpected, DateTime actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(double notExpected, double actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(float notExpected, float actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(int notExpected, int actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(long notExpected, long actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(object notExpected, object actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(sbyte notExpected, sbyte actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(short notExpected, short actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(string notExpected, string actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(string.CompareOrdinal(notExpected, actual) == 0, notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(uint notExpected, uint actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(ulong notExpected, ulong actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        /// <summary>Fails if both are equal.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(ushort notExpected, ushort actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            ExpectNotEqual(Equals(notExpected, actual), notExpected, message);

        private static void ExpectEqual(bool isEqual, object expected, object actual, string message)
        {
            if (!isEqual)
            {
                Fail("Assert.AreEqual", $"Expected:<{expected ?? "(null)"}>. Actual:<{actual ?? "(null)"}>. {message}");
            }
        }

        private static void ExpectNotEqual(bool isEqual, object notExpected, string message)
        {
            if (isEqual)
            {
                Fail("Assert.AreNotEqual", $"Not expected:<{notExpected ?? "(null)"}>. {message}");
            }
        }
    }
}
