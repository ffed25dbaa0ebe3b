using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TestFrameworkShared;

namespace nanoFramework.TestFramework
{
    /// <summary>
    /// nanoFramework.TestFramework's assertions, without those that it marks as obsolete. Types are compared exactly: a derived one is
    /// another one, in <see cref="IsInstanceOfType"/> as in <see cref="ThrowsException"/>.
    /// </summary>
    public sealed partial class Assert
    {
        private Assert()
        {
        }

        /// <summary>Fails unless both are the same object.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreSame(object expected, object actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            Expect(ReferenceEquals(expected, actual), "Assert.AreSame", message);

        /// <summary>Fails if both are the same object.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotSame(object notExpected, object actual, [CallerArgumentExpression(nameof(actual))] string message = "") =>
            Expect(!ReferenceEquals(notExpected, actual), "Assert.AreNotSame", message);

        /// <summary>Fails unless the condition holds.</summary>
        /// <param name="condition">The condition.</param>
        /// <param name="message">What is meant.</param>
        public static void IsTrue(bool condition, [CallerArgumentExpression(nameof(condition))] string message = "") =>
            Expect(condition, "Assert.IsTrue", message);

        /// <summary>Fails if the condition holds.</summary>
        /// <param name="condition">The condition.</param>
        /// <param name="message">What is meant.</param>
        public static void IsFalse(bool condition, [CallerArgumentExpression(nameof(condition))] string message = "") =>
            Expect(!condition, "Assert.IsFalse", message);

        /// <summary>Fails unless it is null.</summary>
        /// <param name="value">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void IsNull(object value, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(value is null, "Assert.IsNull", message);

        /// <summary>Fails if it is null.</summary>
        /// <param name="value">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void IsNotNull([NotNull] object value, [CallerArgumentExpression(nameof(value))] string message = "")
        {
            if (value is null)
            {
                Fail("Assert.IsNotNull", message);
            }
        }

        /// <summary>Fails unless it is of exactly this type.</summary>
        /// <param name="value">What is.</param>
        /// <param name="expected">The right type.</param>
        /// <param name="message">What is meant.</param>
        public static void IsInstanceOfType(object value, Type expected, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(value is not null && value.GetType() == Given(expected), "Assert.IsInstanceOfType", $"Expected type:<{expected}>. Actual type:<{value?.GetType()}>. {message}");

        /// <summary>Fails if it is of exactly this type.</summary>
        /// <param name="value">What is.</param>
        /// <param name="notExpected">The wrong type.</param>
        /// <param name="message">What is meant.</param>
        public static void IsNotInstanceOfType(object value, Type notExpected, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(value is null || value.GetType() != Given(notExpected), "Assert.IsNotInstanceOfType", $"Wrong type:<{notExpected}>. {message}");

        /// <summary>Fails unless the text holds another.</summary>
        /// <param name="expected">The other.</param>
        /// <param name="value">The text.</param>
        /// <param name="message">What is meant.</param>
        public static void Contains(string expected, string value, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(Given(value).Contains(Given(expected), StringComparison.Ordinal), "Assert.Contains", $"'{value}' does not contain '{expected}'. {message}");

        /// <summary>Fails if the text holds another.</summary>
        /// <param name="notExpected">The other.</param>
        /// <param name="value">The text.</param>
        /// <param name="message">What is meant.</param>
        public static void DoesNotContains(string notExpected, string value, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(!Given(value).Contains(Given(notExpected), StringComparison.Ordinal), "Assert.DoesNotContains", $"'{value}' should not contain '{notExpected}'. {message}");

        /// <summary>Fails unless the text begins with another.</summary>
        /// <param name="expected">The other.</param>
        /// <param name="value">The text.</param>
        /// <param name="message">What is meant.</param>
        public static void StartsWith(string expected, string value, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(Given(value).StartsWith(Given(expected), StringComparison.Ordinal), "Assert.StartsWith", $"'{value}' does not start with '{expected}'. {message}");

        /// <summary>Fails unless the text ends with another.</summary>
        /// <param name="expected">The other.</param>
        /// <param name="value">The text.</param>
        /// <param name="message">What is meant.</param>
        public static void EndsWith(string expected, string value, [CallerArgumentExpression(nameof(value))] string message = "") =>
            Expect(Given(value).EndsWith(Given(expected), StringComparison.Ordinal), "Assert.EndsWith", $"'{value}' does not end with '{expected}'. {message}");

        /// <summary>Fails unless the action throws an exception of exactly this type.</summary>
        /// <param name="exception">The type.</param>
        /// <param name="action">The action.</param>
        /// <param name="message">What is meant.</param>
        public static void ThrowsException(Type exception, Action action, [CallerArgumentExpression(nameof(action))] string message = "")
        {
            Exception thrown = null;
            try
            {
                Given(action)();
            }
            catch (Exception e)
            {
                thrown = e;
            }

            Expect(
                thrown is not null && thrown.GetType() == Given(exception),
                "Assert.ThrowsException",
                $"{(thrown is null ? "No exception thrown" : $"Threw exception {thrown.GetType().Name}: {thrown.Message}")}. {exception?.Name} exception was expected. {message}");
        }

        /// <summary>Ends the test as skipped; in a <see cref="SetupAttribute">set-up</see>, the tests of the class.</summary>
        /// <param name="message">Why.</param>
        /// <exception cref="SkipTestException">Always.</exception>
        [DoesNotReturn]
        public static void SkipTest(string message = null) => throw new SkipTestException(message);

        [DoesNotReturn]
        internal static void Fail(string assertion, string message) => throw new AssertFailedException($"{assertion} failed. {message}");

        internal static T Given<T>(T value, [CallerArgumentExpression(nameof(value))] string name = "")
            where T : class
        {
            Expect(value is not null, "Assert", $"The parameter '{name}' is invalid. The value cannot be null.");
            return value;
        }

        internal static void Expect(bool holds, string assertion, string message)
        {
            if (!holds)
            {
                Fail(assertion, message);
            }
        }
    }
}
