using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace nanoFramework.TestFramework
{
    /// <summary>
    /// A test that runs as on a board: without an object, so that a use of <c>this</c> fails here too, and after the class's set-up,
    /// which ran once.
    /// </summary>
    [AttributeUsage(AttributeTargets.Method)]
    public class TestMethodAttribute : Microsoft.VisualStudio.TestTools.UnitTesting.TestMethodAttribute
    {
        /// <summary>Marks a test.</summary>
        /// <param name="callerFilePath">The file in which it is, for MSTest.</param>
        /// <param name="callerLineNumber">The line.</param>
        public TestMethodAttribute([CallerFilePath] string callerFilePath = "", [CallerLineNumber] int callerLineNumber = -1)
            : base(callerFilePath, callerLineNumber)
        {
        }

        /// <inheritdoc/>
        public override Task<TestResult[]> ExecuteAsync(ITestMethod testMethod)
        {
            return Task.FromResult(new[] { Run(testMethod.MethodInfo, testMethod.Arguments) });
        }

        private static TestResult Run(MethodInfo method, object[] arguments)
        {
            try
            {
                BoardTestClass.Enter(method.DeclaringType);
                BoardTestClass.Invoke(method, arguments);
                return new TestResult { Outcome = UnitTestOutcome.Passed };
            }
            catch (SkipTestException e)
            {
                return new TestResult { Outcome = UnitTestOutcome.Inconclusive, TestFailureException = e };
            }
            catch (Exception e)
            {
                return new TestResult { Outcome = UnitTestOutcome.Failed, TestFailureException = e };
            }
        }
    }
}
