using System;
using TestFrameworkShared;

namespace DeviceAgent.Tests
{
    /// <summary>
    /// The assertions that these tests use, in place of nanoFramework.TestFramework's of the same names. The test adapter does not count a
    /// failure whose text holds a comma, so these texts hold none; and the framework's write the source of each asserted expression into
    /// the assembly, which may have 64 KB of text.
    /// </summary>
    internal static class Assert
    {
        public static void IsTrue(bool condition, string message = "")
        {
            if (!condition)
            {
                Fail("is false", message);
            }
        }

        public static void IsFalse(bool condition, string message = "")
        {
            if (condition)
            {
                Fail("is true", message);
            }
        }

        public static void IsNull(object value, string message = "")
        {
            if (value != null)
            {
                Fail("is not null but " + value.ToString(), message);
            }
        }

        public static void IsNotNull(object value, string message = "")
        {
            if (value == null)
            {
                Fail("is null", message);
            }
        }

        public static void AreEqual(bool expected, bool actual, string message = "")
        {
            if (expected != actual)
            {
                Fail(actual ? "is true" : "is false", message);
            }
        }

        public static void AreEqual(long expected, long actual, string message = "")
        {
            if (expected != actual)
            {
                Fail(expected.ToString(), actual.ToString(), message);
            }
        }

        public static void AreEqual(float expected, float actual, string message = "")
        {
            if (expected != actual)
            {
                Fail(expected.ToString(), actual.ToString(), message);
            }
        }

        public static void AreEqual(string expected, string actual, string message = "")
        {
            if (expected != actual)
            {
                Fail(expected, actual, message);
            }
        }

        /// <summary>Fails unless a text holds another.</summary>
        public static void Contains(string expected, string actual, string message = "")
        {
            if (actual == null || !actual.Contains(expected))
            {
                Fail("something with " + expected, actual, message);
            }
        }

        /// <summary>Fails unless an exception of exactly this type is thrown.</summary>
        public static void ThrowsException(Type type, Action action, string message = "")
        {
            string thrown = "nothing";
            try
            {
                action();
            }
            catch (Exception e)
            {
                thrown = e.GetType().FullName;
            }

            AreEqual(type.FullName, thrown, message);
        }

        private static void Fail(string expected, string actual, string message)
        {
            Fail("expected " + (expected ?? "null") + " but got " + (actual ?? "null"), message);
        }

        private static void Fail(string what, string message)
        {
            char[] text = ((message ?? "") + ": " + what).ToCharArray();
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = text[i] == ',' ? ';' : text[i] < ' ' ? ' ' : text[i];
            }

            throw new AssertFailedException(new string(text));
        }
    }
}
